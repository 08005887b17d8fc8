import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { metricsAddress, metricsOf } from '../helpers/metrics.js'
import { startServer } from '../helpers/server.js'

t.test('a thousand scrapes at once, beside clients that only hold their connections', async t => {
  const server = await startServer(t, { workers: 2, args: ['--metrics-bind', '127.0.0.1:0'] })
  const metrics = await metricsOf(t, server)
  const [host = '', port] = metricsAddress(server).split(':')
  const silent = Array.from({ length: 64 }, () => connect(Number(port), host).on('error', () => {}))
  atEnd(t, () => {
    for (const socket of silent) socket.destroy()
  })
  await Promise.all(silent.map(socket => once(socket, 'connect')))
  for (const [place, socket] of silent.entries()) if (place % 2) socket.write('GET /metrics HTTP/1.1\r\nHost: a')
  const replies = await metrics.many(1000, '/metrics')
  t.ok(replies.every(({ status, body }) => status === 200 && body.includes('unicorn_workers_ready 2')))
  t.equal((await new Client(t, server.target).get()).status, 200)
  const garbage = connect(Number(port), host)
  garbage.write('\x00\x01 nothing\r\n\r\n')
  const [answer] = await once(garbage, 'data')
  t.match(String(answer), /^HTTP\/1\.1 400 /)
  garbage.destroy()
})

import t from 'tap'
import { accessLine, JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { Client } from '../helpers/http.js'
import { connectRaw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'

const APP = `export async function application(environ, startResponse) {
  if (environ.REQUEST_METHOD === 'POST') await environ['wsgi.input'].read()
  startResponse('200 OK', [])
  return [String(process.pid)]
}
`
const UPLOAD = 'POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nh'

for (const [workerClass, limits] of [
  ['async', ['--body-timeout', '1', '--worker-connections', '3']],
  // Half of the time after which a sync worker with a request is taken for hung.
  ['sync', ['--timeout', '6']],
] as const) {
  t.test(`${workerClass}: uploads that stop do not take a worker from other clients`, async t => {
    const args = ['--worker-class', workerClass, ...limits, ...JSON_ACCESS_LOG]
    const server = await startServer(t, { app: APP, args })
    const silent = await Promise.all(
      Array.from({ length: workerClass === 'async' ? 3 : 1 }, () => connectRaw(t, server.target)),
    )
    for (const raw of silent) raw.write(UPLOAD)
    t.equal((await new Client(t, server.target).get()).pid, server.worker())
    for (const raw of silent) t.match(await raw.all(), /^HTTP\/1\.1 408 Request Timeout\r\n/)
    t.match(await accessLine(server, '/upload'), { status: 408, outcome: 'refused' })
    t.equal(server.everyWorker.length, 1, 'the worker was not taken for hung')
  })
}

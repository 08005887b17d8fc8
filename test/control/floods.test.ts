import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { metricsAddress, metricsOf } from '../helpers/metrics.js'
import { peakOf } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { startCtl } from '../helpers/unicornctl.js'
import { until } from '../helpers/until.js'

/** By how much the arbiter may grow under all of it, in bytes: it holds 64 connections at each of its two ways in. */
const MOST_MEMORY = 150 * 1024 * 1024
const CONNECTIONS = 64

t.test('an arbiter that is flooded at both ways in', async t => {
  const socketPath = join(shortDir(t), 'control.sock')
  const args = ['--metrics-bind', '127.0.0.1:0', '--control-socket', socketPath, '--timeout', '20s']
  const server = await startServer(t, { workers: 2, args })
  const metrics = await metricsOf(t, server)
  const [host = '', port] = metricsAddress(server).split(':')
  const steering = new Client(t, { socketPath })
  await metrics.get('/metrics')
  const before = peakOf(server.pid)
  const open = (place: number): Socket => {
    const socket = place % 2 ? connect(Number(port), host) : connect(socketPath)
    atEnd(t, () => socket.destroy())
    return socket.on('error', () => {})
  }
  const flood = async (talk: (socket: Socket) => void): Promise<void> => {
    const sockets = Array.from({ length: 2 * CONNECTIONS }, (_, place) => open(place))
    await Promise.all(sockets.map(socket => once(socket, 'connect')))
    for (const socket of sockets) talk(socket)
    // Whatever they do, signals and commands are heeded, and others get their answers.
    const after = server.lines.at(-1)
    server.signal('SIGUSR1')
    await server.log(/^Handling signal: usr1/, after ? { after } : {})
    t.equal((await steering.get('/reopen', { method: 'POST' })).status, 200)
    t.equal((await metrics.get('/healthz')).status, 200)
    for (const socket of sockets) socket.destroy()
  }
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

  await t.test('heads that do not end', () => flood(socket => socket.write('GET /status HTTP/1.1\r\nHost: a')))
  await t.test('pipelines whose answers nobody reads', () =>
    flood(socket => {
      socket.pause()
      socket.write(get('/status').repeat(20_000))
    }),
  )
  await t.test('streams that nobody reads', () =>
    flood(socket => {
      socket.pause()
      socket.write(get('/events?follow'))
    }),
  )
  await t.test('bodies of any length', () =>
    flood(socket => {
      socket.write('POST /reopen HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n')
      socket.write(Buffer.alloc(1024 * 1024))
    }),
  )
  await t.test('what is no HTTP', () => flood(socket => socket.write(Buffer.alloc(100_000, '\x00\xff'))))
  await t.test('a thousand at once', async t => {
    const replies = await steering.many(1000, '/status')
    t.ok(replies.every(({ status }) => status === 200))
  })
  t.ok(peakOf(server.pid) - before < MOST_MEMORY, `the arbiter has grown by ${peakOf(server.pid) - before} bytes`)
  t.notMatch((await steering.get('/events')).body, /worker-(hung|exited)/)
})

t.test('who waits for a reload, and goes away, takes nothing along', async t => {
  const path = join(shortDir(t), 'control.sock')
  const server = await startServer(t, { args: ['--control-socket', path] })
  const waiting = Array.from({ length: 8 }, () => startCtl(server.cwd, ['reload', '--wait', '--socket', path]))
  atEnd(t, () => waiting.map(({ child }) => child.kill('SIGKILL')))
  await server.log(messages.reloading)
  for (const { child } of waiting.slice(1)) child.kill('SIGKILL')
  t.match(await waiting[0]?.ended, { code: /^[01]$/ })
  await Promise.all(waiting.map(({ ended }) => ended))
  const steering = new Client(t, { socketPath: path })
  await until(
    'no reload is under way',
    async () => JSON.parse((await steering.get('/status')).body).state === 'running',
  )
  t.match(JSON.parse((await steering.get('/reload?wait', { method: 'POST' })).body), { result: 'committed' })
})

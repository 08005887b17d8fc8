import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

const FILE = 'unicorn.config.json'
const APP = `export function application({ PATH_INFO: path }, startResponse) {
  startResponse(path === '/missing' ? '404 Not Found' : '200 OK', [])
  return ['hello']
}`

/** A daemon that notes what it gets. */
async function statsd(t: Test): Promise<{ port: number; lines: string[]; datagrams: number[] }> {
  const socket: Socket = createSocket('udp4')
  const lines: string[] = []
  const datagrams: number[] = []
  socket.on('message', message => {
    datagrams.push(message.length)
    lines.push(...message.toString().split('\n'))
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  atEnd(t, () => void socket.close())
  return { port: socket.address().port, lines, datagrams }
}

/** What the counters of a name come to. */
function sum(lines: readonly string[], name: string): number {
  const values = lines.filter(line => line.startsWith(`${name}:`)).map(line => Number(/:([\d.]+)\|/.exec(line)?.[1]))
  return values.reduce((total, value) => total + value, 0)
}

t.test("statsd gets Gunicorn's names, once a second", async t => {
  const [first, second] = [await statsd(t), await statsd(t)]
  const settings = {
    workers: 2,
    statsdHost: `127.0.0.1:${first.port}`,
    statsdPrefix: 'shop',
    dogstatsdTags: 'env:test,a',
  }
  const expectErrors = [messages.appLoadFailed, messages.exited, messages.gaveUp, messages.successorGone]
  const files = { [FILE]: JSON.stringify(settings) }
  const server = await startServer(t, { app: APP, workers: 2, files, expectErrors })
  const client = new Client(t, server.target, { keepAlive: true })
  for (let request = 0; request < 50; request++) await client.get()
  await client.get('/missing')
  const durations = (): string[] =>
    first.lines.filter(line => /^shop\.gunicorn\.request\.duration:[\d.]+\|ms\|#env:test,a$/.test(line))
  await until('all are counted', () => sum(first.lines, 'shop.gunicorn.requests') === 51)
  await until('all are timed', () => durations().length === 51)
  t.equal(sum(first.lines, 'shop.gunicorn.request.status.200'), 50)
  t.equal(sum(first.lines, 'shop.gunicorn.request.status.404'), 1)
  await until('workers', () => first.lines.includes('shop.gunicorn.workers:2|g|#env:test,a'))
  t.ok(first.datagrams.every(size => size <= 1400))

  // A reload takes the counters along, to another daemon, and what is too much is a share with its rate.
  writeFileSync(join(server.cwd, FILE), JSON.stringify({ workers: 2, statsdHost: `localhost:${second.port}` }))
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await client.many(1000)
  const durationsOf = (lines: readonly string[]): number =>
    lines
      .filter(line => line.startsWith('gunicorn.request.duration'))
      .reduce((total, line) => total + 1 / Number(/@([\d.]+)/.exec(line)?.[1] ?? 1), 0)
  await until('all are timed', () => Math.abs(durationsOf(second.lines) - 1000) < 50)
  await until('all are counted', () => sum(second.lines, 'gunicorn.requests') >= 1000)
  t.equal(sum(second.lines, 'gunicorn.requests'), 1000)
  t.equal(sum(first.lines, 'shop.gunicorn.requests'), 51)

  // What comes in while a new arbiter starts, which then fails, is told too, and so is the last of all.
  writeFileSync(join(server.cwd, 'app.js'), 'await new Promise(resolve => setTimeout(resolve, 500)); throw new Error()')
  server.signal('SIGUSR2')
  await server.log(messages.listening, { count: 2 })
  await client.many(10)
  await server.log(messages.successorGone)
  await client.many(5)
  await server.stop()
  await until('the last ones are counted', () => sum(second.lines, 'gunicorn.requests') >= 1015)
  t.equal(sum(second.lines, 'gunicorn.requests'), 1015)
})

t.test('a daemon that is away', async t => {
  const server = await startServer(t, { args: ['--statsd-host', 'unix:/nowhere/statsd.sock'] })
  await server.log(/^Figures cannot be sent to statsdHost/)
  t.equal((await new Client(t, server.target).get()).status, 200)
})

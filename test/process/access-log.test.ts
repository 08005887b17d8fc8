import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { accessLine, accessLines, JSON_ACCESS_LOG, parseAccessLines, summaryOf } from '../helpers/access-lines.js'
import { answers } from '../helpers/answers.js'
import { type Holds, startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { descriptorsOf } from '../helpers/process.js'
import { connectRaw, head } from '../helpers/raw.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

const INTERFACES = ['node', 'wsgi', 'fetch'] as const
const CLASSES = ['async', 'sync'] as const

interface Scene {
  readonly server: Server
  readonly holds: Holds
  readonly client: Client
}

/** A server with the application of all answers, and what is needed to ask it. */
async function scene(t: Test, args: readonly string[], options: ServerOptions = {}): Promise<Scene> {
  const holds = await startHolds(t)
  const { spec = 'app:node' } = options
  const face = ['--interface', spec.slice('app:'.length)]
  const server = await startServer(t, { app: answers, env: holds.env, spec, ...options, args: [...face, ...args] })
  return { server, holds, client: new Client(t, server.target, { keepAlive: true }) }
}

/** After the end of the server: every line that there ever was, in the order of the alphabet. */
async function everyLine(server: Server): Promise<string[]> {
  await server.stop()
  return accessLines(server).map(summaryOf).sort()
}

for (const face of INTERFACES) {
  for (const workerClass of CLASSES) {
    const options = { spec: `app:${face}` }
    const args = [...JSON_ACCESS_LOG, '--worker-class', workerClass]

    t.test(`${face}, ${workerClass}: a finished request has one line, with the bytes of its body`, async t => {
      const { server, client } = await scene(t, args, options)
      const pidBytes = String(server.worker()).length
      for (const path of ['/pid?1', '/pid?2', '/pid?3', '/stream', '/304']) await client.get(path)
      await client.get('/pid', { method: 'HEAD' })
      await client.get('/stream', { method: 'HEAD' })
      await client.get('/echo?1', { method: 'POST', body: 'x'.repeat(100) })
      const headers = { 'Transfer-Encoding': 'chunked' }
      t.equal((await client.get('/echo?2', { method: 'POST', headers, body: 'x'.repeat(1000) })).body, '1000')
      t.same(await everyLine(server), [
        'GET /304 304 0 finished',
        `GET /pid?1 200 ${pidBytes} finished`,
        `GET /pid?2 200 ${pidBytes} finished`,
        `GET /pid?3 200 ${pidBytes} finished`,
        // "begin", "middle" and "end" with an accent of two bytes, each with its line feed; no chunk sizes.
        'GET /stream 200 19 finished',
        'HEAD /pid 200 0 finished',
        'HEAD /stream 200 0 finished',
        'POST /echo?1 200 3 finished',
        'POST /echo?2 200 4 finished',
      ])
    })

    t.test(`${face}, ${workerClass}: pipelined requests have as many lines as answers`, async t => {
      const { server } = await scene(t, args, options)
      const raw = await connectRaw(t, server.target)
      raw.write(head('/stream?1') + head('/stream?2') + head('/stream?3', ['Connection: close']))
      const answered = (await raw.all()).match(/HTTP\/1\.1 200 OK/g)?.length ?? 0
      t.equal(answered, workerClass === 'async' ? 3 : 1)
      const wanted = [1, 2, 3].slice(0, answered).map(number => `GET /stream?${number} 200 19 finished`)
      t.same(await everyLine(server), wanted)
    })

    t.test(`${face}, ${workerClass}: a request that its client gives up has one line`, async t => {
      const { server, holds } = await scene(t, args, options)
      const upload = ['Content-Length: 10']
      for (const [name, bytes] of Object.entries({
        idle: head('/hold/idle'),
        early: head('/hold/early', upload),
        upload: `${head('/hold/upload', upload)}12345`,
      })) {
        const raw = await connectRaw(t, server.target)
        raw.write(bytes)
        await holds.arrival(name)
        raw.socket.destroy()
        t.match(await accessLine(server, `/hold/${name}`), { status: null, bytes: 0, outcome: 'aborted' })
      }
      const raw = await connectRaw(t, server.target)
      raw.write(head('/head/response'))
      await raw.until(/begin/)
      raw.socket.destroy()
      t.match(await accessLine(server, '/head/response'), { status: 200, bytes: 6, outcome: 'aborted' })
      for (const name of ['idle', 'early', 'upload', 'response']) holds.release(name)
      t.equal((await everyLine(server)).length, 4)
    })

    t.test(`${face}, ${workerClass}: bytes that are no request have one line`, async t => {
      const { server } = await scene(t, args, options)
      const raw = await connectRaw(t, server.target)
      raw.write('NO SUCH THING\r\n\r\n')
      t.match(await raw.all(), /^HTTP\/1\.1 400 /)
      const torn = await connectRaw(t, server.target)
      torn.write(`${head('/echo', ['Transfer-Encoding: chunked']).replace('GET', 'POST')}no number\r\n`)
      t.match(await torn.all(), /^HTTP\/1\.1 400 /)
      const gone = await connectRaw(t, server.target)
      gone.write('GET /half HTTP/1.1\r\n')
      gone.socket.destroy()
      await until('its line is there', () => accessLines(server).length === 3)
      await server.stop()
      const lines = accessLines(server)
      const rest = { remoteAddress: '127.0.0.1', status: 400, bytes: 'Bad Request'.length, outcome: 'refused' }
      t.match(lines, [
        { method: '', url: '', ...rest },
        { method: 'POST', url: '/echo', ...rest },
        { method: '', url: '', ...rest },
      ])
      t.equal(lines.length, 3)
    })

    t.test(`${face}, ${workerClass}: a request that INT to its worker ends has one line`, async t => {
      const { server, holds } = await scene(t, args, { ...options, expectErrors: [messages.exited] })
      const raw = await connectRaw(t, server.target)
      raw.write(head('/hold/int'))
      await holds.arrival('int')
      process.kill(server.worker(), 'SIGINT')
      t.equal(await raw.all(), '')
      await server.log(messages.exited)
      await server.ready(2)
      t.same(await everyLine(server), ['GET /hold/int null 0 aborted'])
    })

    t.test(
      `${face}, ${workerClass}: the request that ends the process has a line, and so have those before`,
      async t => {
        const { server, client } = await scene(t, args, {
          ...options,
          expectErrors: [messages.ownExit, messages.exited],
        })
        for (const number of [1, 2, 3]) await client.get(`/stream?${number}`)
        await t.rejects(client.get('/exit'))
        await server.ready(2)
        t.same(await everyLine(server), [
          'GET /exit null 0 aborted',
          ...[1, 2, 3].map(number => `GET /stream?${number} 200 19 finished`),
        ])
      },
    )
  }

  t.test(`${face}: a body that ends too early behind its answer has no line, and no answer, of its own`, async t => {
    const { server } = await scene(t, JSON_ACCESS_LOG, { spec: `app:${face}` })
    const raw = await connectRaw(t, server.target)
    raw.write(`${head('/pid', ['Content-Length: 10']).replace('GET', 'POST')}12345`)
    const pid = String(server.worker())
    await raw.until(new RegExp(`\r\n\r\n${pid}$`))
    raw.socket.end()
    t.match(await raw.all(), new RegExp(`\r\n\r\n${pid}$`))
    t.same(await everyLine(server), [`POST /pid 200 ${pid.length} finished`])
  })

  t.test(`${face}: a request timeout has one line, before and behind the head`, async t => {
    const args = [...JSON_ACCESS_LOG, '--request-timeout', '200ms']
    const { server, client } = await scene(t, args, { spec: `app:${face}` })
    t.equal((await client.get('/hold/a')).status, 504)
    await t.rejects(client.get('/head/b'))
    const bytes = 'Gateway Timeout'.length
    t.same(await everyLine(server), ['GET /head/b 200 6 timeout', `GET /hold/a 504 ${bytes} timeout`])
  })

  t.test(`${face}: a request for which a sync worker is taken for hung has one line`, async t => {
    const args = [...JSON_ACCESS_LOG, '--worker-class', 'sync', '--timeout', '500ms']
    const expectErrors = [messages.timeout, messages.exited, messages.aborted]
    const { server, client } = await scene(t, args, { spec: `app:${face}`, expectErrors })
    t.equal((await client.get('/hold/a')).status, 504)
    await server.ready(2)
    t.same(await everyLine(server), [`GET /hold/a 504 ${'Gateway Timeout'.length} timeout`])
  })

  t.test(`${face}: fields of request and response, and the environ`, async t => {
    const format = '%(h)s|%({x-in}i)s|%({X-OUT}o)s|%({wsgi.url_scheme}e)s|%({x-none}o)s|%(b)s'
    const { server, client } = await scene(t, ['--access-logfile', '-', '--access-logformat', format], {
      spec: `app:${face}`,
    })
    await client.get('/fields', { headers: { 'X-In': 'in' } })
    await server.stop()
    const scheme = face === 'wsgi' ? 'http' : '-'
    t.same(
      server.stdout.lines.map(({ msg }) => msg),
      [`127.0.0.1|in|given \\x22so\\x22|${scheme}|-|2`],
    )
  })
}

t.test('a request that waits for its turn when a sync worker ends has a line, and is not begun', async t => {
  const app = answers.replace(
    'async function node(req, res) {',
    'async function node(req, res) { console.error(req.url)',
  )
  const args = [...JSON_ACCESS_LOG, '--worker-class', 'sync']
  const { server, holds, client } = await scene(t, args, { app, expectErrors: [messages.exited] })
  const running = await connectRaw(t, server.target)
  const waiting = await connectRaw(t, server.target)
  const broken = await connectRaw(t, server.target)
  // Is answered after all three are parked.
  await client.get('/pid')
  running.write(head('/hold/a'))
  await holds.arrival('a')
  waiting.write(head('/hold/b'))
  broken.write('NO SUCH THING\r\n\r\n')
  await broken.until(/400/)
  process.kill(server.worker(), 'SIGINT')
  t.same(await Promise.all([running.all(), waiting.all()]), ['', ''])
  await server.ready(2)
  const lines = (await everyLine(server)).filter(line => line.includes('/hold/'))
  t.same(lines, ['GET /hold/a null 0 aborted', 'GET /hold/b null 0 aborted'])
  t.same(
    server.logged(/^\/hold/).map(({ msg }) => msg),
    ['/hold/a'],
  )
})

t.test('a WebSocket that a sync worker refuses has one line', async t => {
  const { server } = await scene(t, [...JSON_ACCESS_LOG, '--worker-class', 'sync'])
  const raw = await connectRaw(t, server.target)
  raw.write(head('/socket', ['Connection: Upgrade', 'Upgrade: websocket']))
  t.match(await raw.all(), /^HTTP\/1\.1 501 /)
  t.same(await everyLine(server), ['GET /socket 501 15 refused'])
})

t.test('no client can forge a line, or a field of one', async t => {
  const { server } = await scene(t, ['--access-logfile', '-'])
  const user = Buffer.from('x y"\n127.0.0.1 - - "GET /forged":z').toString('base64')
  const fields = [
    'Referer: "\\ \x85\t\xff',
    `Authorization: Basic ${user}`,
    'User-Agent: a" 200 5 "\tb\xe9',
    'Connection: close',
  ]
  const raw = await connectRaw(t, server.target)
  raw.write(Buffer.from(head('/pid"\\', fields), 'latin1'))
  const [answer = ''] = (await raw.all()).split('\r\n')
  await server.stop()
  const lines = server.stdout.lines.map(({ msg }) => msg)
  t.equal(lines.length, 1)
  const quoted = '"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\x[0-9A-F]{2})*"'
  t.match(lines[0], new RegExp(`^127\\.0\\.0\\.1 - \\S+ \\[[^\\]]+\\] ${quoted} \\d{3} \\S+ ${quoted} ${quoted}$`))
  t.match(answer, / 200 /)
  t.match(lines[0], / x\\x20y\\x22\\x0A127/)
})

t.test('a client of a unix socket has no address', async t => {
  const { server, client } = await scene(t, ['--access-logfile', '-'], { bind: `unix:${shortDir(t)}/app.sock` })
  await client.get('/pid')
  await server.stop()
  t.match(
    server.stdout.lines.map(({ msg }) => msg),
    [/^- - - \[.+\] "GET \/pid HTTP\/1\.1" 200 \d+ "-" "-"$/],
  )
})

t.test('USR1 after a rename: all workers go on in the new file, and no line is lost', async t => {
  const args = ['--access-logfile', 'access.log', '--access-logformat', 'json', '--worker-class', 'sync']
  const { server, holds } = await scene(t, args, { workers: 3 })
  const file = join(server.cwd, 'access.log')
  const workers = server.workers()
  const askEach = async (name: string): Promise<void> => {
    const paths = workers.map((_, index) => `${name}${index}`)
    const client = new Client(t, server.target)
    // A sync worker that holds one takes no other, so each has one of them.
    const replies = paths.map(path => client.get(`/hold/${path}`))
    for (const path of paths) await holds.arrival(path)
    for (const path of paths) holds.release(path)
    t.same((await Promise.all(replies)).map(({ pid }) => pid).sort(), [...workers].sort())
  }
  await askEach('before')
  renameSync(file, `${file}.1`)
  server.signal('SIGUSR1')
  const isOpen = (pid: number): boolean => [...descriptorsOf(pid).values()].includes(file)
  await until('each worker has opened the new file', () => workers.every(isOpen))
  await askEach('after')
  await server.stop()
  const urls = (path: string): string[] =>
    parseAccessLines(readFileSync(path, 'utf8'))
      .map(({ url }) => url)
      .sort()
  t.same(urls(`${file}.1`), ['/hold/before0', '/hold/before1', '/hold/before2'])
  t.same(urls(file), ['/hold/after0', '/hold/after1', '/hold/after2'])
})

t.test('a burst, and TERM behind its last answer: no line is lost', async t => {
  const { server, client } = await scene(t, JSON_ACCESS_LOG, { workers: 2 })
  const paths = Array.from({ length: 500 }, (_, number) => `/pid?${number}`)
  await Promise.all(paths.map(path => client.get(path)))
  await server.stop()
  t.same(
    accessLines(server)
      .map(({ url }) => url)
      .sort(),
    paths.sort(),
  )
})

for (const [where, length] of [
  ['access.log', 7000],
  ['-', 3000],
] as const) {
  t.test(`lines of several workers are not mixed: ${where}`, async t => {
    const args = ['--access-logfile', where, '--access-logformat', 'json']
    const { server } = await scene(t, args, { workers: 4 })
    const client = new Client(t, server.target)
    const paths = Array.from({ length: 400 }, (_, number) => `/pid?${String(number).repeat(length).slice(0, length)}`)
    const pids = (await Promise.all(paths.map(path => client.get(path)))).map(({ pid }) => pid)
    await server.stop()
    const lines = where === '-' ? accessLines(server) : parseAccessLines(readFileSync(join(server.cwd, where), 'utf8'))
    t.same(new Set(lines.map(({ pid }) => pid)), new Set(pids))
    t.ok(new Set(pids).size > 1, 'of several workers')
    t.same(lines.map(({ url }) => url).sort(), paths.sort())
  })
}

import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { accessLines, JSON_ACCESS_LOG, parseAccessLines } from '../helpers/access-lines.js'
import { answers } from '../helpers/answers.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { descriptorsOf } from '../helpers/process.js'
import { connectRaw, head } from '../helpers/raw.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'
import { everyLine, scene } from './access-scene.js'

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
  const { server } = await scene(t, args, { workers: 3 })
  const file = join(server.cwd, 'access.log')
  const workers = server.workers()
  const client = new Client(t, server.target)
  /** Sends requests until each worker has answered one. */
  const askEach = async (name: string): Promise<string[]> => {
    const sent: string[] = []
    const seen = new Set<unknown>()
    await until('each worker has answered', async () => {
      const urls = Array.from({ length: workers.length }, (_, index) => `/pid?${name}${sent.length + index}`)
      sent.push(...urls)
      for (const { pid } of await Promise.all(urls.map(url => client.get(url)))) seen.add(pid)
      return workers.every(worker => seen.has(worker))
    })
    return sent.sort()
  }
  const before = await askEach('before')
  renameSync(file, `${file}.1`)
  server.signal('SIGUSR1')
  const isOpen = (pid: number): boolean => [...descriptorsOf(pid).values()].includes(file)
  await until('each worker has opened the new file', () => workers.every(isOpen))
  const after = await askEach('after')
  await server.stop()
  const urls = (path: string): string[] =>
    parseAccessLines(readFileSync(path, 'utf8'))
      .map(({ url }) => url)
      .sort()
  t.same(urls(`${file}.1`), before)
  t.same(urls(file), after)
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

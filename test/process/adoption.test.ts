import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Client } from '../helpers/http.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'

/** A server that answers with the worker's pid and tells where it listens. */
const CJS = `const http = require('node:http')
const server = http.createServer((req, res) => res.end(String(process.pid)))
const told = () => console.log('listening', JSON.stringify(server.address()), server.listening)
`
const ESM = CJS.replace(/^.*require.*$/m, "import http from 'node:http'")

interface Script {
  readonly name: string
  readonly file: 'app.cjs' | 'app.mjs'
  readonly content: string
}

const LISTENS: readonly Script[] = [
  { name: 'CommonJS', file: 'app.cjs', content: `${CJS}server.listen(3000, told)` },
  { name: 'an ES module', file: 'app.mjs', content: `${ESM}server.listen(3000, told)` },
  {
    name: 'after an await at the top level',
    file: 'app.mjs',
    content: `${ESM}await new Promise(resolve => setTimeout(resolve, 10))\nserver.listen(3000, told)`,
  },
  {
    name: 'after an await in a function that nobody waits for',
    file: 'app.cjs',
    content: `${CJS}async function main() {
  await new Promise(resolve => setTimeout(resolve, 10))
  server.listen(3000, told)
}
main()`,
  },
  {
    name: 'and waits for its listening event at the top level',
    file: 'app.mjs',
    content: `${ESM}import { once } from 'node:events'\nserver.listen(3000)\nawait once(server, 'listening')\ntold()`,
  },
  {
    name: 'in a chain of callbacks',
    file: 'app.cjs',
    content: `${CJS}server.once('listening', () => setImmediate(told))
process.nextTick(() => setTimeout(() => server.listen(3000, () => console.log('called back')), 5))`,
  },
]

/** What an ES module asks to learn whether it was started. */
const STARTED = `${ESM}import { fileURLToPath } from 'node:url'
console.log('argv', JSON.stringify(process.argv.slice(1)))
if (process.argv[1] === fileURLToPath(import.meta.url)) server.listen(3000, told)`

/**
 * Starts a script, and looks whether its workers serve, were told so, and whether it is said once that its port is
 * ignored.
 */
async function adopted(
  t: Test,
  { file, content }: Omit<Script, 'name'>,
  { workers = 1, bind = '127.0.0.1:0' } = {},
): Promise<Server> {
  const server = await startServer(t, { files: { [file]: content }, spec: file, workers, bind })
  const said = await server.stdout.wait(/^listening/, { count: workers })
  const { target } = server
  t.equal((await new Client(t, target).get()).status, 200)
  const family = 'host' in target && target.host.includes(':') ? 'IPv6' : 'IPv4'
  const address = 'socketPath' in target ? target.socketPath : { address: target.host, family, port: target.port }
  t.equal(said.msg, `listening ${JSON.stringify(address)} true`)
  t.equal(server.logged(/listen\(.*\) is ignored/).length, 1, 'one notice')
  t.same(server.logged(/Warning/), [], 'nothing else')
  return server
}

for (const [index, { name, file, content }] of LISTENS.entries()) {
  t.test(`a script that listens ${name}`, async t => {
    await adopted(t, { file, content }, { workers: index < 2 ? 2 : 1 })
  })
}

t.test('a script finds itself in process.argv, in JavaScript and TypeScript, and starts', async t => {
  const enums = 'enum E { a }\n'
  for (const [file, content] of [
    ['app.mjs', STARTED],
    ['app.mts', STARTED],
    ['app.mts', enums + STARTED],
    ['app.ts', enums + STARTED],
    ['app.cjs', `${CJS}console.log('argv', JSON.stringify(process.argv.slice(1)))\nserver.listen(3000, told)`],
  ] as const) {
    const server = await startServer(t, { files: { [file]: content }, spec: file })
    t.equal((await server.stdout.wait(/^argv/)).msg, `argv ${JSON.stringify([join(server.cwd, file)])}`)
    t.equal((await new Client(t, server.target).get()).pid, server.worker())
    await server.stop()
  }
})

t.test('a module of which an export is named is no script', async t => {
  const content = `${STARTED}\nexport const app = server`
  const server = await startServer(t, { files: { 'app.mjs': content }, spec: 'app.mjs:app' })
  t.notMatch((await server.stdout.wait(/^argv/)).msg, 'app.mjs')
  t.same(server.logged(/is ignored/), [])
  t.equal((await new Client(t, server.target).get()).pid, server.worker())
})

t.test('every form of listen(): it calls back, and address() is the real one', async t => {
  const content = `${CJS}
const forms = [
  [], ['3000'], [3000, '127.0.0.1'], [3000, '127.0.0.1', 511], [3000, 511], [3000, undefined], [undefined], [null],
  ['/nowhere/app.sock'], ['/nowhere/app.sock', 511], [{ path: '/nowhere/app.sock', readableAll: true }],
  [{ port: '3000', host: '0.0.0.0', exclusive: true, backlog: 7 }], [{ port: 3000, signal: new AbortController().signal }],
  [{ fd: 0 }],
]
const next = () => {
  const form = forms.shift()
  if (!form) return server.listen(told)
  server.listen(...form, function () {
    console.log('called', this === server, server.address()?.port, ...form)
    server.close(next)
  })
}
next()`
  const server = await startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs' })
  await server.stdout.wait(/^listening/)
  const { target } = server
  const called = server.stdout.all(/^called true/)
  t.equal(called.length, 14)
  const port = 'port' in target ? target.port : 0
  t.ok(called.every(({ msg }) => msg.includes(`true ${port}`)))
  t.equal((await new Client(t, target).get()).pid, server.worker())
})

t.test('its address: IPv6, and a unix socket', async t => {
  const script = { file: 'app.cjs', content: `${CJS}server.listen(3000, told)` } as const
  await adopted(t, script, { bind: '[::1]:0' })
  const path = join(shortDir(t), 'app.sock')
  await adopted(t, script, { bind: `unix:${path}` })
  t.ok(existsSync(path))
})

t.test('PORT in the environment is for unicorn and for the script', async t => {
  const files = { 'app.cjs': `${CJS}server.listen(process.env.PORT, told)` }
  // A port that was free a moment ago: unicorn itself has bound it.
  const { port } = await freePort(t)
  const server = await startServer(t, { files, spec: 'app.cjs', bind: '', env: { PORT: String(port) } })
  t.match((await server.stdout.wait(/^listening/)).msg, `"port":${port}`)
  t.equal(server.logged(/is ignored/)[0]?.msg.includes(`listen(${port})`), true)
})

t.test('--preload: one notice, and everyone serves', async t => {
  const files = { 'app.cjs': `${CJS}server.listen(3000, told)` }
  const server = await startServer(t, { files, spec: 'app.cjs', workers: 3, args: ['--preload'] })
  await server.stdout.wait(/^listening/, { count: 3 })
  t.equal(server.logged(/is ignored/).length, 1)
})

t.test('listen() once more on a server that listens is an error, as in Node, and after close() it is not', async t => {
  const content = `${CJS}server.listen(3000, told)
try { server.listen(3001) } catch (error) { console.log(error.code, error.message) }
server.close(error => console.log('closed', error))
server.listen(3002, () => console.log('again'))
server.on('close', () => console.log('close event'))`
  const server = await startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs' })
  await server.stdout.wait(/^again/)
  await server.stdout.wait(/^close event/)
  const said = server.stdout.lines.map(({ msg }) => msg)
  t.match(said[0], /^ERR_SERVER_ALREADY_LISTEN Listen method has been called more than once without closing\.$/)
  t.ok(said.includes('closed undefined'))
  t.equal((await new Client(t, server.target).get()).pid, server.worker())
})

t.test('a script that looks for a free port first', async t => {
  const content = `${CJS}
const probe = http.createServer()
probe.listen(0, () => probe.close(() => server.listen(probe.port ?? 3000, told)))`
  await adopted(t, { file: 'app.cjs', content })
})

t.test('further servers at the same port listen, and may be closed', async t => {
  const content = `${CJS}server.listen(3000, 'localhost', told)
const other = http.createServer()
other.listen(3000, '::1', () => {
  console.log('other', JSON.stringify(other.address()) === JSON.stringify(server.address()))
  other.close(error => console.log('other closed', error))
})`
  const server = await adopted(t, { file: 'app.cjs', content })
  await server.stdout.wait(/^other true/)
  await server.stdout.wait(/^other closed undefined/)
  t.equal((await new Client(t, server.target).get()).status, 200)
})

t.test('a server that speaks something else than HTTP is left alone', async t => {
  const content = `${CJS}server.listen(3000, told)
const net = require('node:net').createServer(socket => socket.end('hello'))
net.listen(0, '127.0.0.1', () => console.log('net', net.address().port))`
  const server = await adopted(t, { file: 'app.cjs', content })
  const { msg } = await server.stdout.wait(/^net \d+/)
  t.not(Number(msg.slice(4)), 'port' in server.target && server.target.port)
})

t.test('many servers and many connections warn of nothing', async t => {
  const content = `${CJS}for (let i = 0; i < 12; i++) http.createServer().listen(3000, '127.0.0.' + i)
server.listen(3000, told)
server.on('upgrade', () => {})`
  const server = await startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs' })
  await new Client(t, server.target, { keepAlive: true }).many(20)
  await server.stop()
  t.same(server.logged(/Warning/), [])
})

/** A port that nobody listens at. */
async function freePort(t: Test): Promise<{ port: number }> {
  const server = await startServer(t)
  const { target } = server
  await server.stop()
  return { port: 'port' in target ? target.port : 0 }
}

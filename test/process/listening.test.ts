import { once } from 'node:events'
import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { hello, mischief } from '../helpers/apps.js'
import { freePort } from '../helpers/free-port.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { connectRaw, head } from '../helpers/raw.js'
import { requireCommand } from '../helpers/require-command.js'
import { startServer } from '../helpers/server.js'
import type { Server, Target } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'

const FILE = 'unicorn.config.json'

function ask(host: string, port: number): Promise<number> {
  return new Client(t, { host, port }).get().then(({ status }) => status)
}

async function rebind(server: Server, bind: string | readonly string[]): Promise<void> {
  writeFileSync(join(server.cwd, FILE), JSON.stringify({ bind }))
  const after = server.lines.at(-1)
  server.signal('SIGHUP')
  await server.log(messages.reloaded, after && { after })
}

t.test('both families of one port, in either order', async t => {
  const port = await freePort('::')
  for (const [first, second] of [
    ['0.0.0.0', '[::]'],
    ['[::]', '0.0.0.0'],
  ]) {
    const server = await startServer(t, { bind: `${first}:${port}`, args: ['--bind', `${second}:${port}`] })
    t.same([await ask('127.0.0.1', port), await ask('::1', port)], [200, 200], `${first} and ${second}`)
    t.same(await server.stop(), { code: 0, signal: null })
  }
})

t.test('the host of an address changes by HUP, there and back, and no request fails', async t => {
  const port = await freePort('::')
  const files = { [FILE]: JSON.stringify({ bind: `127.0.0.1:${port}` }) }
  const server = await startServer(t, { bind: '', files, workers: 2 })
  const load = new Load(new Client(t, { host: '127.0.0.1', port }), { concurrency: 2 })
  await rebind(server, `0.0.0.0:${port}`)
  t.equal(await ask('127.0.0.2', port), 200)
  await rebind(server, `[::]:${port}`)
  t.equal(await ask('::1', port), 200)
  await rebind(server, [`0.0.0.0:${port}`, `[::]:${port}`])
  t.same([await ask('127.0.0.2', port), await ask('::1', port)], [200, 200])
  await rebind(server, `localhost:${port}`)
  await rebind(server, `127.0.0.1:${port}`)
  t.same(await load.stop(), [])
  await t.rejects(ask('127.0.0.2', port), { code: 'ECONNREFUSED' })
})

t.test('a wider address gets new connections at once, though an old worker has yet to empty its queue', async t => {
  const port = await freePort('::')
  const holds = await startHolds(t)
  const files = { [FILE]: JSON.stringify({ bind: `127.0.0.1:${port}`, workerClass: 'sync' }) }
  const server = await startServer(t, { bind: '', files, app: mischief, env: holds.env })
  const client = new Client(t, { host: '127.0.0.1', port })
  const held = client.get('/hold/a')
  await holds.arrival('a')
  const queued = await connectRaw(t, server.target)
  queued.write(head())
  writeFileSync(join(server.cwd, FILE), JSON.stringify({ bind: `0.0.0.0:${port}`, workerClass: 'sync' }))
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.equal((await client.get()).status, 200)
  holds.release('a')
  t.equal((await held).status, 200)
  t.match(await queued.until(/^HTTP\/1\.1 /), /^HTTP\/1\.1 200 /)
})

t.test('a port that another process took meanwhile is not shared with it', async t => {
  const port = await freePort('::')
  const files = { [FILE]: JSON.stringify({ bind: `127.0.0.1:${port}` }) }
  const server = await startServer(t, { bind: '', files, expectErrors: [messages.reloadRefused] })
  const other = createServer().listen(port, '127.0.0.2')
  await once(other, 'listening')
  t.teardown(() => other.close())
  writeFileSync(join(server.cwd, FILE), JSON.stringify({ bind: `0.0.0.0:${port}` }))
  server.signal('SIGHUP')
  const line = JSON.stringify(await server.log(messages.reloadRefused))
  t.match(line, new RegExp(`http://0\\.0\\.0\\.0:${port} is in use by another process, or cannot be bound beside`))
  t.equal(await ask('127.0.0.1', port), 200)
})

t.test('a name stands for all its addresses', async t => {
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const through = ['unshare', ...asUser, '--mount', 'sh', '-c', 'mount --bind hosts /etc/hosts && exec "$@"', 'sh']
  requireCommand(['unshare', ...asUser, '--mount', 'true'])
  const hosts = '127.0.0.1 localhost\n::1 localhost ip6-localhost\n'
  const port = await freePort('::')
  const bind = [`localhost:${port}`, `127.0.0.1:${port}`]
  const files = { hosts, [FILE]: JSON.stringify({ bind }) }
  const server = await startServer(t, { bind: '', files, through })
  t.match(
    server.logged(messages.listening),
    [{ msg: /: http:\/\/127\.0\.0\.1:\d+, http:\/\/\[::1\]:\d+ \(/ }],
    'each once',
  )
  t.same([await ask('127.0.0.1', port), await ask('::1', port)], [200, 200])
  await rebind(server, [`localhost:${port}`, 'localhost:0'])
  t.same([await ask('127.0.0.1', port), await ask('::1', port)], [200, 200], 'after a reload')
})

t.test('SERVER_NAME has the form of a URL, whatever the address', async t => {
  const app = hello
    .replace('_environ', '{ SERVER_NAME, SERVER_PORT }')
    .replace('process.pid', 'SERVER_NAME + ":" + SERVER_PORT')
  const [port, other] = [await freePort('::'), await freePort('::')]
  const socketPath = join(shortDir(t), 's')
  const binds = [`127.0.0.1:${port}`, `[::]:${other}`, `unix:${socketPath}`]
  await startServer(t, { app, bind: `[::1]:${port}`, args: binds.flatMap(bind => ['--bind', bind]) })
  const name = async (target: Target, fields = ''): Promise<string> => {
    const raw = await connectRaw(t, target)
    raw.write(`GET / HTTP/1.0\r\n${fields}\r\n`)
    return (await raw.all()).replace(/^[\s\S]*\r\n\r\n/, '')
  }
  t.equal(await name({ host: '::1', port }), `[::1]:${port}`)
  t.equal(await name({ host: '::1', port }, 'Host: a\r\n'), `[::1]:${port}`)
  t.equal(await name({ host: '127.0.0.1', port }), `127.0.0.1:${port}`)
  t.equal(await name({ host: '::1', port: other }), `[::]:${other}`)
  t.equal(await name({ host: '127.0.0.1', port: other }), `[::]:${other}`)
  t.equal(await name({ socketPath }), 'localhost:80')
  t.equal(await name({ socketPath }, 'Host: [::1]\r\n'), '[::1]:80')
  t.equal(await name({ socketPath }, 'Host: [::1]:8\r\n'), '[::1]:8')
})

t.test('a relative unix path of the greatest length, in a deep directory', async t => {
  const path = 'd'.repeat(107)
  const server = await startServer(t, { bind: `unix:${path}` })
  const socketPath = join(shortDir(t), 'link')
  symlinkSync(join(server.cwd, path), socketPath)
  t.equal((await new Client(t, { socketPath }).get()).status, 200)
  t.same(await server.stop(), { code: 0, signal: null })
  t.notOk(existsSync(join(server.cwd, path)))
})

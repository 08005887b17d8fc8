import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'

t.test('serves on a unix socket, and removes it at the end', async t => {
  const directory = shortDir(t)
  const path = join(directory, 'app.sock')
  const server = await startServer(t, { bind: `unix:${path}`, workers: 2 })
  t.same(server.target, { socketPath: path })
  t.same(readdirSync(directory), ['app.sock'], 'and no temporary name')
  t.equal(statSync(path).mode & 0o777, 0o777, 'a proxy that runs as another user may connect')
  t.equal((await new Client(t, server.target).get()).status, 200)
  await server.stop()
  t.same(readdirSync(directory), [])
})

t.test('the socket of a live server is not taken over', async t => {
  const path = join(shortDir(t), 'app.sock')
  const first = await startServer(t, { bind: `unix:${path}` })
  const second = spawnServer(t, { bind: `unix:${path}`, cwd: first.cwd })
  t.same(await second.ended(), { code: 1, signal: null })
  t.ok(second.logged(/app\.sock is in use/).length > 0)
  t.equal((await new Client(t, first.target).get()).pid, first.worker())
})

t.test('the socket of a dead server is replaced', async t => {
  const path = join(shortDir(t), 'app.sock')
  const dead = await startServer(t, { bind: `unix:${path}` })
  dead.signal('SIGKILL')
  await dead.ended()
  t.ok(existsSync(path), 'it was left behind')
  const server = await startServer(t, { bind: `unix:${path}`, cwd: dead.cwd })
  t.equal((await new Client(t, server.target).get()).pid, server.worker())
})

t.test('what others put in its place is left alone', async t => {
  const path = join(shortDir(t), 'app.sock')
  const server = await startServer(t, { bind: `unix:${path}` })
  rmSync(path)
  writeFileSync(path, 'precious')
  await server.stop()
  t.equal(readFileSync(path, 'utf8'), 'precious')
})

t.test('a file that is no socket is refused', async t => {
  const path = join(shortDir(t), 'app.sock')
  writeFileSync(path, 'precious')
  const server = spawnServer(t, { bind: `unix:${path}` })
  t.same(await server.ended(), { code: 1, signal: null })
  t.ok(server.logged(/no socket/).length > 0)
  t.equal(readFileSync(path, 'utf8'), 'precious')
})

t.test('a socket whose path was removed is bound anew, and the log says so', async t => {
  const path = join(shortDir(t), 'app.sock')
  const server = await startServer(t, { bind: `unix:${path}`, workers: 2 })
  rmSync(path)
  t.match(await server.log(/app\.sock was removed, and no client can connect/), { level: 'warn' })
  await server.log(messages.reloaded)
  t.equal((await new Client(t, { socketPath: path }).get()).status, 200)
})

t.test('a socket whose directory became a file is bound anew when the directory is back', async t => {
  const directory = join(shortDir(t), 'run')
  mkdirSync(directory)
  const path = join(directory, 'app.sock')
  const server = await startServer(t, { bind: `unix:${path}`, expectErrors: [messages.reloadRefused] })
  rmSync(directory, { recursive: true })
  writeFileSync(directory, '')
  await server.log(/app\.sock was removed, and no client can connect/)
  await server.log(messages.reloadRefused)
  rmSync(directory)
  mkdirSync(directory)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.equal((await new Client(t, { socketPath: path }).get()).status, 200)
})

t.test('a socket is one, by however many paths it is named', async t => {
  const directory = shortDir(t)
  mkdirSync(join(directory, 'run'))
  symlinkSync('run', join(directory, 'link'))
  const [path, other] = [join(directory, 'run/app.sock'), join(directory, 'link/app.sock')]
  const file = 'unicorn.config.json'
  const files = { [file]: JSON.stringify({ bind: [`unix:${path}`, `unix:${other}`] }) }
  const server = await startServer(t, { bind: '', files })
  t.same(server.addresses, [`unix:${path}`])
  writeFileSync(join(server.cwd, file), JSON.stringify({ bind: `unix:${other}` }))
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.equal((await new Client(t, { socketPath: other }).get()).status, 200)
  await server.stop()
  t.same(readdirSync(join(directory, 'run')), [])
})

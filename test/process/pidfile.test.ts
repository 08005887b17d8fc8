import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'

t.test('the pid file names the arbiter while it runs', async t => {
  const server = await startServer(t, { args: ['--pid', 'app.pid'] })
  const file = join(server.cwd, 'app.pid')
  t.equal(readFileSync(file, 'utf8'), `${server.pid}\n`)
  await server.stop()
  t.notOk(existsSync(file))
})

t.test('a pid file of a process that is gone is replaced', async t => {
  const dead = await startServer(t)
  await dead.stop()
  const server = await startServer(t, { files: { 'app.pid': `${dead.pid}\n` }, args: ['--pid', 'app.pid'] })
  t.equal(readFileSync(join(server.cwd, 'app.pid'), 'utf8'), `${server.pid}\n`)
})

t.test('a pid file that names another process by now is left alone', async t => {
  const server = await startServer(t, { args: ['--pid', 'app.pid'] })
  const file = join(server.cwd, 'app.pid')
  writeFileSync(file, `${process.pid}\n`)
  await server.stop()
  t.equal(readFileSync(file, 'utf8'), `${process.pid}\n`)
})

/** Plays a file system that has no hard links. */
const NO_LINKS = `
const fs = require('node:fs')
fs.linkSync = () => { throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' }) }
`

t.test('without hard links the pid file is written all the same, and guards as well', async t => {
  const files = { 'no-links.cjs': NO_LINKS }
  const through = ['env', 'NODE_OPTIONS=--require ./no-links.cjs']
  const server = await startServer(t, { files, through, args: ['--pid', 'app.pid'] })
  const file = join(server.cwd, 'app.pid')
  t.equal(readFileSync(file, 'utf8'), `${server.pid}\n`)
  const second = spawnServer(t, { cwd: server.cwd, through, args: ['--pid', 'app.pid'] })
  t.same(await second.exit, { code: 1, signal: null })
  t.equal(readFileSync(file, 'utf8'), `${server.pid}\n`)
  await server.stop()
  t.notOk(existsSync(file))
  writeFileSync(file, `${server.pid}\n`)
  const third = await startServer(t, { cwd: server.cwd, through, args: ['--pid', 'app.pid'] })
  t.equal(readFileSync(file, 'utf8'), `${third.pid}\n`, 'one of a process that is gone is replaced')
})

t.test('a pid file that cannot be removed changes nothing about the end', async t => {
  const server = await startServer(t, { args: ['--pid', 'app.pid'] })
  const file = join(server.cwd, 'app.pid')
  rmSync(file)
  mkdirSync(file)
  t.same(await server.stop(), { code: 0, signal: null })
  t.match(server.logged(messages.leftBehind), [{ level: 'warn', msg: /EISDIR/ }])
})

t.test('a pid file below a file refuses the start, with the path and without a stack', async t => {
  const server = spawnServer(t, { args: ['--pid', 'app.js/app.pid'] })
  t.same(await server.ended(), { code: 1, signal: null })
  const said = JSON.stringify(server.lines)
  t.match(said, /pid file [^"]*app\.js\/app\.pid cannot be written: ENOTDIR/)
  t.notMatch(said, /\bat /)
})

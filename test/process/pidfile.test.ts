import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startServer } from '../helpers/server.js'

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

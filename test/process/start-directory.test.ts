import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello } from '../helpers/apps.js'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'

/** Runs a command in a directory that is removed before the command starts. */
const IN_REMOVED = ['sh', '-c', 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"'] as const

t.test('a start in a directory that was removed: --chdir says where the server is', async t => {
  const cwd = testdir(t, { 'app.js': hello })
  const server = await startServer(t, { cwd, through: [...IN_REMOVED, join(cwd, 'r1')], args: ['--chdir', cwd] })
  t.equal((await new Client(t, server.target).get()).status, 200)
})

t.test('without --chdir it is refused, with the name of that directory', async t => {
  const cwd = testdir(t, { 'app.js': hello })
  const server = spawnServer(t, { cwd, through: [...IN_REMOVED, join(cwd, 'r1')] })
  t.same(await server.exit, { code: 1, signal: null })
  await server.ended()
  const said = JSON.stringify(server.lines)
  t.match(said, /chdir: found [^"]*r1, which is no directory/)
  t.notMatch(said, /\bat /, 'no stack')
})

t.test('USR2 when the directory of the start is gone: the new arbiter starts where --chdir says', async t => {
  const cwd = testdir(t, { 'app.js': hello })
  const start = join(cwd, 'release')
  mkdirSync(start)
  const expectErrors = [/^Upgrade failed, this arbiter goes on/]
  const server = await startServer(t, { cwd: start, args: ['--chdir', cwd], expectErrors })
  renameSync(start, `${start}.old`)
  const successor = await startUpgrade(t, server)
  await server.log(({ pid, msg }) => pid === successor && messages.ready.test(msg))
  await stopArbiter(successor)
  const rolledBack = await server.log(messages.successorGone)
  renameSync(cwd, `${cwd}.moved`)
  server.signal('SIGUSR2')
  const failed = await server.log(/^Upgrade failed/, { after: rolledBack })
  renameSync(`${cwd}.moved`, cwd)
  t.match(JSON.stringify(failed), /no directory to start in: [^"]*release is gone/)
  t.equal((await new Client(t, server.target).get()).status, 200)
})

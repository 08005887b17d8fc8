import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello } from '../helpers/apps.js'
import { atEnd, testdir } from '../helpers/at-end.js'
import { killAndWait } from '../helpers/process.js'
import { requireCommand } from '../helpers/require-command.js'
import { unicornBin } from '../helpers/root.js'
import { spawnClean } from '../helpers/spawn.js'
import { until } from '../helpers/until.js'

t.test('the terminal that it was started in is closed: HUP reloads, and TERM ends it with 0', async t => {
  requireCommand(['script', '--version'])
  const cwd = testdir(t, { 'app.js': hello })
  const read = (name: string) => (existsSync(join(cwd, name)) ? readFileSync(join(cwd, name), 'utf8') : '')
  // The shell outlives the terminal, to note the exit code.
  const command = `${process.execPath} ${unicornBin} --bind 127.0.0.1:0 --pid app.pid --error-logfile log app:application`
  const shell = `trap '' HUP; ${command}; echo $? > code`
  const terminal = spawnClean(['script', '-qec', `sh -c "${shell.replaceAll('$', '\\$')}"`, '/dev/null'], { cwd })
  atEnd(t, () => killAndWait(terminal.pid ?? 0))
  await until('a worker is ready', () => /Worker ready/.test(read('log')))
  const pid = Number(read('app.pid'))
  atEnd(t, () => killAndWait(pid))
  terminal.kill('SIGKILL')
  await until('the old worker is gone', () => /"reason":"reloaded"/.test(read('log')))
  process.kill(pid, 'SIGTERM')
  await until('the arbiter has ended', () => read('code') !== '')
  t.equal(read('code'), '0\n')
  t.notMatch(read('log'), /"signal":/, 'no worker has crashed at its end either')
})

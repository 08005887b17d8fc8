import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { requireCommand } from '../helpers/require-command.js'
import { root } from '../helpers/root.js'
import { run } from '../helpers/run.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

/** Debian's nobody and nogroup. */
const NOBODY = 65534

t.test('logrotate under load: no line is lost', async t => {
  requireCommand(['logrotate', '--version'])
  const directory = shortDir(t)
  chmodSync(directory, 0o755)
  const [logs, pidfile] = [join(directory, 'log'), join(directory, 'shop.pid')]
  mkdirSync(logs)
  chownSync(logs, NOBODY, NOBODY)
  const file = join(directory, 'shop')
  const given = readFileSync(`${root}config/deploy/logrotate/shop`, 'utf8')
  const here = given.replaceAll('/var/log/shop', logs).replaceAll('/run/shop/shop.pid', pidfile)
  writeFileSync(file, here.replaceAll('shop shop', 'nobody nogroup'), { mode: 0o644 })

  const access = join(logs, 'access.log')
  const account = ['--user', 'nobody', '--group', 'nogroup', '--pid', pidfile]
  const server = await startServer(t, { workers: 2, args: [...account, '--access-logfile', access] })
  const load = new Load(new Client(t, server.target), { concurrency: 2 })
  atEnd(t, () => load.stop())
  const rotate = async (): Promise<void> => {
    await until('the log grows', () => statSync(access).size > 500)
    await run(['logrotate', '--force', '--state', join(directory, 'state'), file], { cwd: directory })
  }
  await rotate()
  await rotate()
  await until('the new file is in use', () => statSync(access).size > 500)
  t.same(await load.stop(), [])
  const count = load.replies.length
  const names = readdirSync(logs).sort()
  t.same(names, ['access.log', 'access.log.1', 'access.log.2.gz'])
  t.equal(statSync(access).uid, NOBODY, 'the workers own the new one')
  const lines = (): number => readdirSync(logs).reduce((sum, name) => sum + linesOf(join(logs, name)), 0)
  await until('each request has its line', () => lines() >= count)
  t.equal(lines(), count)
})

function linesOf(path: string): number {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split('\n').length - 1
}

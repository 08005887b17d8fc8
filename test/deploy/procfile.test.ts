import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello } from '../helpers/apps.js'
import { atEnd, testdir } from '../helpers/at-end.js'
import { freePort } from '../helpers/free-port.js'
import { Client } from '../helpers/http.js'
import { Log } from '../helpers/log.js'
import { childrenOf, gone, killAndWait } from '../helpers/process.js'
import { root, unicornBin } from '../helpers/root.js'
import { spawnClean } from '../helpers/spawn.js'

t.test('the Procfile under foreman', async t => {
  const directory = testdir(t, { 'app.js': hello })
  mkdirSync(join(directory, 'node_modules/.bin'), { recursive: true })
  symlinkSync(unicornBin, join(directory, 'node_modules/.bin/unicorn'))
  copyFileSync(`${root}config/deploy/procfile/Procfile`, join(directory, 'Procfile'))
  const port = await freePort('0.0.0.0')
  const command = [process.execPath, `${root}node_modules/foreman/nf.js`, 'start', '--port', String(port)]
  const runner = spawnClean(command, { cwd: directory, env: { WEB_CONCURRENCY: '2' } })
  const { pid } = runner
  if (!runner.stdout || pid === undefined) throw new Error('foreman could not be started')
  const log = new Log()
  log.read(runner.stdout)
  atEnd(t, async () => {
    for (const child of childrenOf(pid)) await killAndWait(child)
    await killAndWait(pid)
  })
  await log.wait(/Worker ready/, { count: 2 })
  await t.resolves(log.wait(new RegExp(`Listening at: http://0\\.0\\.0\\.0:${port}`)), 'at the port that it gives')
  t.equal((await new Client(t, { host: '127.0.0.1', port }).get()).status, 200)
  process.kill(pid, 'SIGINT')
  await t.resolves(log.wait(/Exited Successfully/), 'its end is that of the server')
  await gone(pid)
})

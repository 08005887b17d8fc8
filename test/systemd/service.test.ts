import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello, says } from '../helpers/apps.js'
import { testdir } from '../helpers/at-end.js'
import { freePort } from '../helpers/free-port.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { RealSystemd } from '../helpers/real-systemd.js'
import { serviceUnit } from '../helpers/unit.js'
import { until } from '../helpers/until.js'

const BROKEN = 'throw new Error("no application")'

t.test('a life under a real systemd: start, reload, upgrade, stop', async t => {
  const port = await freePort('127.0.0.1')
  const directory = testdir(t, { 'app.js': says('old') })
  const systemd = await RealSystemd.boot(t, { 'shop.service': serviceUnit(directory, `-w 2 -b 127.0.0.1:${port}`) })
  const client = new Client(t, { host: '127.0.0.1', port })

  const began = await systemd.runBeside('systemctl', 'start', 'shop')
  t.same(began, { status: 0, output: '' })
  t.equal((await client.get()).body, 'old', 'the start is over when the workers are ready')
  await until('the status has figures', () => /2 of 2 workers ready, 1 requests/.test(systemd.status('shop')))
  const load = new Load(client, { concurrency: 2 })
  const main = systemd.show('shop', 'MainPID')

  writeFileSync(join(directory, 'app.js'), BROKEN)
  systemd.run('systemctl', 'reload', 'shop')
  await until('the failure is known', () => /the last reload failed: .*no application/.test(systemd.status('shop')))
  t.equal(systemd.show('shop', 'SubState'), 'running')
  writeFileSync(join(directory, 'app.js'), says('new'))
  systemd.run('systemctl', 'reload', 'shop')
  await until('the new code serves', () => load.replies.at(-1)?.body === 'new')
  await until('the reload is over', () => systemd.show('shop', 'SubState') === 'running')
  t.notMatch(systemd.status('shop'), /the last reload failed/)

  writeFileSync(join(directory, 'app.js'), says('newest'))
  systemd.run('systemctl', 'kill', '--kill-who=main', '-s', 'USR2', 'shop')
  await until('the new arbiter serves', () => load.replies.some(({ body }) => body === 'newest'))
  systemd.run('systemctl', 'kill', '--kill-who=main', '-s', 'TERM', 'shop')
  await until('systemd follows', () => systemd.show('shop', 'MainPID') !== main)
  await until('the new arbiter speaks', () => systemd.journal('shop').some(line => /Upgraded/.test(line)))
  t.same([systemd.show('shop', 'ActiveState'), systemd.show('shop', 'NRestarts')], ['active', '0'])
  t.same(await load.stop(), [])
  t.equal((await client.get()).body, 'newest')

  t.same(systemd.run('systemctl', 'stop', 'shop'), { status: 0, output: '' })
  t.same([systemd.show('shop', 'ActiveState'), systemd.show('shop', 'Result')], ['inactive', 'success'])
  t.match(systemd.journal('shop').at(-1), /Shut down/, 'it had its time')
})

t.test('a failed start is a failed unit, with the reason', async t => {
  const directory = testdir(t, { 'app.js': BROKEN })
  const systemd = await RealSystemd.boot(t, {
    'broken.service': serviceUnit(directory, '-b 127.0.0.1:0'),
    'refused.service': serviceUnit(directory, '--workers none'),
  })
  t.equal(systemd.run('systemctl', 'start', 'broken').status, 1)
  t.match(systemd.status('broken'), /Status: "Application failed to load: .*no application"/)
  t.equal(systemd.show('broken', 'ExecMainStatus'), '4')
  const lines = systemd.journal('broken')
  const found = ['6 [', '2 [', '3 ['].map(begin => lines.find(line => line.startsWith(begin)))
  t.match(found, [/INFO\] Starting/, /CRITICAL\] Application failed to load/, /ERROR\] Worker exited/])
  t.match(lines, /\n?2 +at /, 'and below it the lines of its stack')
  t.equal(systemd.run('systemctl', 'start', 'refused').status, 1)
  t.match(systemd.status('refused'), /Status: "workers: found "none", wanted an integer/)
  t.equal(systemd.show('refused', 'ExecMainStatus'), '1')
  t.match(systemd.journal('refused'), [/^3 unicorn: workers: found/])
})

t.test('a server whose workers are silent is restarted by the watchdog', async t => {
  const port = await freePort('127.0.0.1')
  const directory = testdir(t, { 'app.js': `${hello}\nsetTimeout(() => { for (;;) {} }, 100)\n` })
  const more = 'WatchdogSec=3\nTimeoutAbortSec=2\n'
  const systemd = await RealSystemd.boot(t, { 'shop.service': serviceUnit(directory, `-b 127.0.0.1:${port}`, more) })
  t.equal((await systemd.runBeside('systemctl', 'start', 'shop')).status, 0)
  await until('the watchdog has ended it', () => systemd.show('shop', 'Result') === 'watchdog')
  t.pass()
})

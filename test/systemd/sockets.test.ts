import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hello } from '../helpers/apps.js'
import { testdir } from '../helpers/at-end.js'
import { freePort } from '../helpers/free-port.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { RealSystemd } from '../helpers/real-systemd.js'
import { serviceUnit } from '../helpers/unit.js'
import { until } from '../helpers/until.js'

const TCP_AND_UNIX = 2

/** Restarts a service under load; returns the requests that failed. */
async function restart(t: Test, systemd: RealSystemd, port: number): Promise<unknown[]> {
  const load = new Load(new Client(t, { host: '127.0.0.1', port }), { concurrency: 2 })
  const replies = load.replies.length
  await until('some requests were answered', () => load.replies.length > replies + 10)
  const before = systemd.show('shop', 'MainPID')
  t.same(await systemd.runBeside('systemctl', 'restart', 'shop'), { status: 0, output: '' })
  t.not(systemd.show('shop', 'MainPID'), before)
  const after = load.replies.length
  await until('some more were answered', () => load.replies.length > after + 10)
  return load.stop()
}

t.test('a socket unit: the first connection starts the service, and a restart refuses none', async t => {
  const port = await freePort('127.0.0.1')
  const directory = testdir(t, { 'app.js': hello })
  const systemd = await RealSystemd.boot(t, {
    'shop.service': serviceUnit(directory, '-w 2 --bind fd://web'),
    'shop.socket': `[Socket]\nListenStream=127.0.0.1:${port}\nListenStream=/run/shop.sock\nFileDescriptorName=web\n`,
  })
  t.equal(systemd.run('systemctl', 'start', 'shop.socket').status, 0)
  t.equal(systemd.show('shop', 'ActiveState'), 'inactive')
  t.equal((await new Client(t, { host: '127.0.0.1', port }).get()).status, 200)
  await until('the start is over', () => systemd.show('shop', 'ActiveState') === 'active')
  t.match(systemd.ask('/run/shop.sock'), { status: 0, output: /^\d+$/ })
  t.same(await restart(t, systemd, port), [])
  systemd.run('systemctl', 'stop', 'shop')
  t.equal((await new Client(t, { host: '127.0.0.1', port }).get()).status, 200, 'it is started again')
  t.equal(systemd.show('shop', 'Result'), 'success')
})

t.test(
  '--fd-store: systemd keeps the sockets that the server has bound, and a restart refuses no connection',
  async t => {
    const port = await freePort('127.0.0.1')
    const other = await freePort('127.0.0.1')
    const directory = testdir(t, {
      'app.js': hello,
      'unicorn.config.json': JSON.stringify({ bind: [`127.0.0.1:${port}`, 'unix:/run/shop/app.sock'], fdStore: true }),
    })
    const more = 'RuntimeDirectory=shop\nRuntimeDirectoryPreserve=restart\nFileDescriptorStoreMax=8\n'
    const systemd = await RealSystemd.boot(t, { 'shop.service': serviceUnit(directory, '-w 2', more) })
    t.equal((await systemd.runBeside('systemctl', 'start', 'shop')).status, 0)
    const stored = (): number => Number(systemd.show('shop', 'NFileDescriptorStore'))
    await until('systemd has both', () => stored() === TCP_AND_UNIX)
    t.same(await restart(t, systemd, port), [])
    t.equal(stored(), TCP_AND_UNIX, 'they were taken over, not bound anew')
    t.match(systemd.ask('/run/shop/app.sock'), { status: 0, output: /^\d+$/ })

    writeFileSync(join(directory, 'unicorn.config.json'), JSON.stringify({ bind: `127.0.0.1:${other}`, fdStore: true }))
    systemd.run('systemctl', 'reload', 'shop')
    await until('systemd has let go of both, and has another', () => stored() === 1)
    t.equal((await new Client(t, { host: '127.0.0.1', port: other }).get()).status, 200)
    await t.rejects(new Client(t, { host: '127.0.0.1', port }).get(), { code: 'ECONNREFUSED' })
    t.equal(systemd.run('systemctl', 'stop', 'shop').status, 0)
    await t.rejects(new Client(t, { host: '127.0.0.1', port: other }).get(), { code: 'ECONNREFUSED' })
  },
)

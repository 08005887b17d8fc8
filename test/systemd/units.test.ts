import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import t, { type Test } from 'tap'
import { hello } from '../helpers/apps.js'
import { freePort } from '../helpers/free-port.js'
import { Client } from '../helpers/http.js'
import { RealSystemd } from '../helpers/real-systemd.js'
import { root } from '../helpers/root.js'
import { until } from '../helpers/until.js'

const LIMIT = 2.5
const RELEASE = '/srv/shop/releases/1'

const read = (name: string): string => readFileSync(`${root}config/deploy/systemd/${name}`, 'utf8')

/** As a deployment leaves it: a release with its packages, a link to it, and the user of the service. */
function deploy(systemd: RealSystemd): void {
  const script = `
    set -e
    useradd --system shop
    modules=${RELEASE}/node_modules
    mkdir -p $modules/unicorn/dist $modules/.bin
    cp -r ${root}dist/bin $modules/unicorn/dist/bin
    cp ${root}package.json $modules/unicorn/
    cp -rL ${root}node_modules/koffi ${root}node_modules/@koromix $modules/
    ln -s ../unicorn/dist/bin/unicorn.cjs $modules/.bin/unicorn
    ln -s releases/1 /srv/shop/current
    printf '%s' "$0" >${RELEASE}/app.js`
  const { status, output } = systemd.run('bash', '-c', script, hello)
  if (status !== 0) throw new Error(output)
}

async function boot(t: Test, units: Readonly<Record<string, string>>): Promise<RealSystemd> {
  const systemd = await RealSystemd.boot(t, units)
  deploy(systemd)
  return systemd
}

/** Node may lie anywhere; the port may be taken. */
function adapted(unit: string, port: number): string {
  const path = `Environment=PATH=${dirname(process.execPath)}:/usr/bin:/bin`
  return unit.replace('Type=notify', `Type=notify\n${path}`).replace(/127\.0\.0\.1:8000/g, `127.0.0.1:${port}`)
}

t.test('the service unit: as it is, hardened, through reload and restart', async t => {
  const port = await freePort('127.0.0.1')
  const unit = adapted(read('shop.service'), port).replace('--fd-store', `--fd-store -b 127.0.0.1:${port}`)
  const systemd = await boot(t, { 'shop.service': unit })
  const { output } = systemd.run('systemd-analyze', 'security', '--no-pager', 'shop.service')
  const exposure = Number(/Overall exposure level for shop\.service: ([\d.]+)/.exec(output)?.[1])
  t.comment(`exposure: ${exposure}`)
  t.ok(exposure <= LIMIT, `systemd-analyze security: ${exposure}, wanted ${LIMIT} at most`)
  t.same(await systemd.runBeside('systemctl', 'start', 'shop'), { status: 0, output: '' }, systemd.status('shop'))
  const client = new Client(t, { host: '127.0.0.1', port })
  t.equal((await client.get()).status, 200)
  const { output: users } = systemd.run('ps', '-C', 'unicorn: master', '-o', 'user=')
  t.match(systemd.run('ps', '-eo', 'user=,args=').output, /^shop +unicorn: worker/m, users)
  systemd.run('systemctl', 'reload', 'shop')
  await until('the reload is over', () => systemd.journal('shop').some(line => /Reloaded/.test(line)))
  const main = systemd.show('shop', 'MainPID')
  const ready = (): number => systemd.journal('shop').filter(line => /Worker ready/.test(line)).length
  const before = ready()
  systemd.run('systemctl', 'kill', '--kill-who=main', '-s', 'USR2', 'shop')
  await until('a worker of the new arbiter is ready', () => ready() > before)
  systemd.run('systemctl', 'kill', '--kill-who=main', '-s', 'TERM', 'shop')
  await until('the new arbiter is the main process', () => systemd.show('shop', 'MainPID') !== main)
  await until('it has taken over', () => systemd.journal('shop').some(line => /Upgraded/.test(line)))
  t.equal((await client.get()).status, 200)
  t.equal((await systemd.runBeside('systemctl', 'restart', 'shop')).status, 0)
  t.equal((await client.get()).status, 200)
  t.equal((await systemd.runBeside('systemctl', 'stop', 'shop')).status, 0)
  t.equal(systemd.show('shop', 'Result'), 'success')
  const warnings = systemd.journal('shop').filter(line => /^[0-4] /.test(line))
  t.same(warnings, [], 'nothing that the unit forbids is missed')
})

t.test('the socket unit with it', async t => {
  const port = await freePort('127.0.0.1')
  const units = {
    'shop.service': adapted(read('shop.service'), port),
    'shop.socket': adapted(read('shop.socket'), port),
  }
  const systemd = await boot(t, units)
  t.equal(systemd.run('systemctl', 'start', 'shop.socket').status, 0)
  t.equal((await new Client(t, { host: '127.0.0.1', port }).get()).status, 200)
  t.match(systemd.ask('/run/shop.sock'), { status: 0, output: /^\d+$/ })
  t.match(systemd.run('stat', '-c', '%G %a', '/run/shop.sock').output, /^www-data 660$/m)
  await until('the start is over', () => systemd.show('shop', 'ActiveState') === 'active')
  t.match(systemd.status('shop'), /Listening at: unix:\/run\/shop\.sock, http:\/\/127\.0\.0\.1:/)
})

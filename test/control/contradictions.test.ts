import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { messages } from '../helpers/messages.js'
import { gone, killAndWait } from '../helpers/process.js'
import { run } from '../helpers/run.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { runCtl, startCtl, unicornctlBin } from '../helpers/unicornctl.js'
import { until } from '../helpers/until.js'

/** Its workers boot when there is no file `slow`, and leave when there is no file `stay`. */
const APP = `import { existsSync } from 'node:fs'
const pause = () => new Promise(resolve => setTimeout(resolve, 20))
while (existsSync('slow')) await pause()
export const application = (req, res) => res.end('served')
export const shutdown = async () => { while (existsSync('stay')) await pause() }`

async function startHeld(t: Test, options: Parameters<typeof startServer>[1] = {}) {
  const path = join(shortDir(t), 'control.sock')
  const args = ['--control-socket', path, '--interface', 'node', '--graceful-timeout', '60s']
  const server = await startServer(t, { ...options, args, files: { 'app.js': APP } })
  const ctl = (...line: string[]) => runCtl(server.cwd, [...line, '--socket', path])
  const waits = (...line: string[]) => startCtl(server.cwd, [...line, '--wait', '--socket', path]).ended
  const hold = (name: string) => writeFileSync(join(server.cwd, name), '')
  const release = (name: string) => rmSync(join(server.cwd, name), { force: true })
  const workers = async () => JSON.parse((await ctl('workers', '--json')).out)
  const states = async () => (await workers()).map(({ state }: { state: string }) => state).sort()
  const are = (...wanted: string[]) =>
    until(`workers are ${wanted}`, async () => String(await states()) === String(wanted))
  return { server, path, ctl, waits, hold, release, workers, are }
}

t.test('commands that come while a reload is under way', async t => {
  const { server, ctl, waits, hold, release, are } = await startHeld(t)
  hold('slow')
  const first = waits('reload')
  await are('ready', 'starting')
  t.match(await ctl('retire', '0'), {
    code: 1,
    err: /^unicornctl: retire refused: worker 0 \(pid: \d+\) is starting, not ready\n$/,
  })
  const second = waits('reload')
  t.match(await first, { code: 1, err: /^unicornctl: reload overtaken: a later command has taken its place\n$/ })
  await server.log(messages.reloading, { count: 2 })
  const scaling = waits('scale', '2')
  await server.log(/^Handling command: scale/)
  release('slow')
  t.match(await second, { code: 0, out: /^reload: committed, generation \d+\n$/ })
  const { code, err } = await scaling
  t.ok(code === 0 || /^unicornctl: scale overtaken/.test(err), 'the old workers may have come to that number before')
  await are('ready')

  // A stop takes all of them along.
  hold('slow')
  const third = waits('reload')
  await are('ready', 'starting')
  t.match(await ctl('stop', '--wait'), { code: 0, out: /^stop: stopped/ })
  t.match(await third, { code: /^[13]$/, err: /reload withdrawn|went away/ })
  t.match(await server.ended(), { code: 0 })
})

t.test('an upgrade during a reload, and what comes during an upgrade', async t => {
  const { server, ctl, waits, hold, release, are } = await startHeld(t)
  hold('slow')
  const reload = waits('reload')
  await are('ready', 'starting')
  const { out } = await ctl('upgrade', '--json')
  const { pid } = JSON.parse(out)
  atEnd(t, () => killAndWait(pid))
  await until('the new one answers', async () => JSON.parse((await ctl('status', '--json')).out).pid === pid)
  t.match(await ctl('upgrade'), {
    code: 1,
    err: /^unicornctl: upgrade refused: the arbiter before this one still runs\n$/,
  })
  const scaling = waits('scale', '2')
  const again = waits('reload')
  await until('it reloads', async () => JSON.parse((await ctl('status', '--json')).out).generation >= 1)
  release('slow')
  t.match(await reload, { code: 0 }, 'the old one has its new workers too')
  t.match(await again, { code: 0, out: /^reload: committed/ })
  t.match(await scaling, { code: /^[01]$/ })
  server.signal('SIGTERM')
  await gone(server.pid)
  t.match(await ctl('stop', '--wait'), { code: 0 })
})

t.test('workers that boot, drain or are gone, and what is none', async t => {
  const { server, path, ctl, hold, release, workers, are } = await startHeld(t, { expectErrors: [messages.exited] })
  hold('stay')
  hold('slow')
  const [{ pid }] = await workers()
  t.match(await ctl('retire', String(pid)), { code: 0 })
  t.match(await ctl('retire', String(pid)), { code: 0, out: /retiring/ }, 'it waits for its replacement')
  await are('ready', 'starting')
  release('slow')
  await are('ready', 'retiring')
  t.match(await ctl('retire', String(pid)), { code: 1, err: /is retiring, not ready/ })
  t.match(await ctl('kill', String(pid)), { code: 0 }, 'what drains can be killed')
  await gone(pid)
  await are('ready')
  release('stay')
  t.match(await ctl('kill', String(pid)), {
    code: 1,
    err: /is neither the pid nor the index of a worker; there are 0 \(pid: \d+\)\n$/,
  })
  t.match(await ctl('kill', String(server.pid)), { code: 1, err: /kill refused: \d+ is the arbiter itself/ })
  t.match(await ctl('kill', String(process.pid)), { code: 1, err: /is neither the pid nor the index/ })
  t.match(await ctl('kill', '1'), { code: 1, err: /1 is neither the pid nor the index/ })
  t.match(await ctl('kill', '9999999999'), { code: 1, err: /neither/ })
  for (const odd of ['-1', '1e3', '99999999999', '0x10', '1.5', 'worker', ' ']) {
    t.match(await ctl('kill', odd), { code: 2, err: /wanted the pid or the index|unknown option '-1'/ }, odd)
  }

  // The kernel says who a client is, whatever the mode of the socket.
  chmodSync(dirname(path), 0o755)
  chmodSync(path, 0o777)
  const stranger = ['setpriv', '--reuid=65534', '--clear-groups', 'sh', '-c']
  const said = await run([...stranger, `${process.execPath} ${unicornctlBin} stop --socket ${path} 2>&1; echo $?`], {
    cwd: '/',
  })
  t.match(said, /^unicornctl: refused: found a client with uid 65534, wanted 0, that of root\n5\n$/)
})

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { atEnd, testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone, isRunning, killAndWait } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { runCtl, startCtl } from '../helpers/unicornctl.js'
import { until } from '../helpers/until.js'

const APP = `
const turn = () => { for (const end = Date.now() + 300_000; Date.now() < end; ) Math.sqrt(end) }
export const application = (req, res) => {
  if (req.url === '/busy') turn()
  if (req.url.startsWith('/held')) return
  res.end('served')
}`

/** A server whose config file has its control socket, and `unicornctl` in its directory. */
async function startSteered(t: Test, options: Parameters<typeof startServer>[1] = {}) {
  const path = join(shortDir(t), 'control.sock')
  const config = JSON.stringify({ controlSocket: path, interface: 'node' })
  const files = { 'app.js': APP, 'unicorn.config.json': config }
  const server = await startServer(t, { workers: 2, files, ...options })
  const ctl = (...args: string[]) => runCtl(server.cwd, args)
  const json = async (...args: string[]) => JSON.parse((await ctl(...args, '--json')).out)
  return { server, path, ctl, json }
}

t.test('every command, for people and as JSON, by its exit code', async t => {
  const { server, path, ctl, json } = await startSteered(t, { expectErrors: [messages.exited, messages.reloadRefused] })
  const status = await json('status')
  t.match(status, { state: 'running', pid: server.pid, workers: { length: 2 } })
  t.match(await ctl('status'), { code: 0, out: /^server +unicorn .* running[\s\S]*\nINDEX +PID +STATE/, err: '' })
  t.match(await json('workers'), [{ index: 0 }, { index: 1 }])
  t.match(await json('config'), { controlSocket: `unix:${path}`, workers: '2' })
  t.match(await ctl('config'), { code: 0, out: /^workers +=+ 2$/m })
  t.match(await ctl('reload', '--wait'), { code: 0, out: 'reload: committed, generation 2\n' })
  t.match(await ctl('scale', '+1', '--wait'), { code: 0, out: 'scale: reached, workers 3\n' })
  t.match(await ctl('scale', '-1', '--wait', '--json'), { code: 0, out: /"reached"/ })
  t.match(await ctl('scale', '2'), { code: 0, out: 'scale: accepted\n' })
  t.match(await ctl('reopen'), { code: 0, out: 'reopen: reopened\n' })
  t.match(await ctl('log-level', 'debug'), { code: 0, out: 'log-level: set\n' })
  const [{ pid: retired, index }, { pid: killed }] = await json('workers')
  t.match(await ctl('retire', String(index)), { code: 0, out: `retire: retiring, pid ${retired}\n` })
  t.match(await ctl('kill', String(killed)), { code: 0, out: `kill: killed, pid ${killed}\n` })
  await gone(retired, killed)
  await until('both are replaced', async () => (await json('status')).ready === 2)
  t.match(await ctl('retire', '4000000'), { code: 1, err: /^unicornctl: retire refused: 4000000 is neither the pid/ })
  t.match(await ctl('stack', '4000000', '--json'), { code: 1, out: /"exitCode":1/, err: /neither the pid nor/ })
  writeFileSync(join(server.cwd, 'unicorn.config.json'), JSON.stringify({ controlSocket: path, timeout: 'long' }))
  t.match(await ctl('reload', '--wait'), {
    code: 1,
    out: '',
    err: /^unicornctl: reload refused: timeout: found "long"/,
  })
  t.match(await json('reload', '--wait'), { result: 'refused', why: /timeout/, exitCode: 1 })
  t.match(await ctl('events'), { code: 0, out: /worker-ready +worker=0 +pid=\d+[\s\S]*command=reload +result=refused/ })
  t.match(await ctl('stop', '--wait'), { code: 0, out: `stop: stopped, pid ${server.pid}\n` })
  t.notOk(isRunning(server.pid) && existsSync(path))
  t.match(await ctl('status'), { code: 3, out: '', err: /^unicornctl: no server at .*: there is no such file\n$/ })
  t.match(await server.ended(), { code: 0 })
})

t.test('a worker that does not boot fails a reload, and a client that is gone harms none', async t => {
  const { server, ctl, json } = await startSteered(t, {
    workers: 1,
    expectErrors: [messages.reloadFailed, messages.appLoadFailed, messages.exited],
  })
  const waiting = startCtl(server.cwd, ['reload', '--wait'])
  await server.log(messages.reloading)
  waiting.child.kill('SIGTERM')
  t.match(await waiting.ended, { code: 128 + 15 })
  await server.log(messages.reloaded)
  writeFileSync(join(server.cwd, 'app.js'), 'throw new Error("not yet")')
  t.match(await ctl('reload', '--wait'), {
    code: 1,
    err: /reload failed: Application failed to load: .* not yet; the old workers go on/,
  })
  t.match(await json('status'), { ready: 1, generation: 2, lastOutcomes: { reload: { result: 'failed' } } })
})

t.test('what workers do: stack, slow requests, profile, snapshot of the heap', async t => {
  const expectErrors = [messages.exited]
  const { server, ctl, json } = await startSteered(t, { args: ['--timeout', '200s'], expectErrors })
  await until('each has sent a beat', async () =>
    (await json('workers')).every((worker: object) => 'figures' in worker),
  )
  t.match(await ctl('stack', '0'), { code: 0, out: /^worker \d+: idle, waiting for events\n/ })
  const client = new Client(t, server.target)
  for (const path of ['/held?secret', '/busy']) void client.get(path).catch(() => {})
  await until('both run', async () => (await json('slow')).requests.length === 2)
  t.match(await ctl('slow'), { code: 0, out: /^ +AGE +WORKER +PID +METHOD +PATH\n[\s\S]*GET +\/held$/m })
  const { pid: busy } = (await json('slow')).requests.find(({ path }: { path: string }) => path === '/busy')
  t.match(await ctl('stack', String(busy)), { code: 0, out: /busy in JavaScript\n {4}at turn \(.*app\.js:2:/ })
  t.match(await ctl('profile', String(busy), '--seconds', '0.2'), { code: 0, out: /^wrote worker-\d+\.cpuprofile, / })
  const file = join(server.cwd, `worker-${busy}.cpuprofile`)
  const profile = readFileSync(file, 'utf8')
  t.ok(JSON.parse(profile).nodes.length > 0)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.match(await ctl('profile', String(busy), '--seconds', '0.2'), { code: 1, err: /is there already, and is left as/ })
  t.equal(readFileSync(file, 'utf8'), profile)
  process.kill(busy, 'SIGKILL')
  await server.log(({ msg, workerPid }) => messages.exited.test(msg) && workerPid === busy)
  await until('it is replaced', async () => (await json('status')).ready === 2)
  const [{ pid }] = await json('workers')
  const before = readdirSync(server.cwd)
  t.match(await ctl('heap-snapshot', String(pid), '-o', 'none/x'), { code: 1, err: /there is no such directory/ })
  t.match(await ctl('heap-snapshot', '4000000', '-o', 'left'), { code: 1, err: /neither the pid/ })
  t.match(await ctl('profile', String(pid), '--timeout', '300ms', '-o', 'left'), { code: 4, err: /in time/ })
  t.same(readdirSync(server.cwd), before, 'nothing is left behind')
  t.ok((await json('heap-snapshot', String(pid), '-o', 'heap')).size > 1_000_000)
})

t.test('an upgrade is done when the new arbiter serves', async t => {
  const { server, ctl, json, path } = await startSteered(t, { workers: 1, expectErrors: [messages.successorGone] })
  const config = readFileSync(join(server.cwd, 'unicorn.config.json'), 'utf8')
  writeFileSync(join(server.cwd, 'unicorn.config.json'), JSON.stringify({ controlSocket: path, timeout: 'long' }))
  t.match(await ctl('upgrade', '--wait', '--socket', path), { code: 1, err: /upgrade failed: .*the old one, pid \d+,/ })
  writeFileSync(join(server.cwd, 'unicorn.config.json'), config)
  const following = startCtl(server.cwd, ['events', '-f', '--json'])
  let events = ''
  following.child.stdout?.on('data', (part: Buffer) => {
    events += part
  })
  await until('events are followed', () => events.includes('"worker-ready"'))
  const { pid, result } = await json('upgrade', '--wait')
  atEnd(t, () => killAndWait(pid))
  t.equal(result, 'serving')
  t.match(await json('status'), { pid, state: 'running' })
  server.signal('SIGTERM')
  await gone(server.pid)
  await until('those of the new arbiter follow', () => events.includes('"upgraded"'))
  t.match(await ctl('stop', '--wait'), { code: 0, out: `stop: stopped, pid ${pid}\n` })
  await gone(pid)
  t.match(await following.ended, { code: 3 })
})

t.test('events as they come, until the server is gone', async t => {
  const { server, ctl, path } = await startSteered(t, { workers: 1 })
  const following = startCtl(server.cwd, ['events', '-f', '--json', '--socket', path])
  let text = ''
  following.child.stdout?.on('data', (part: Buffer) => {
    text += part
  })
  await until('the past is shown', () => text.includes('"worker-ready"'))
  await ctl('reload', '--wait')
  await until('what comes is shown', () => text.includes('"committed"'))
  await ctl('stop', '--now', '--wait')
  t.match(await following.ended, { code: 3, err: /went away before it had answered|has closed the stream/ })
  t.match(await server.ended(), { code: 0 })
})

t.test('without a server: what is wrong is said, with its exit code', async t => {
  const cwd = testdir(t, { file: '', 'unicorn.config.json': '{"controlSocket": "', 'other/unicorn.config.json': '{}' })
  const path = join(shortDir(t), 'x.sock')
  const ends = async (code: number, err: RegExp, ...args: string[]) => t.match(await runCtl(cwd, args), { code, err })
  await ends(2, /found no command/)
  await ends(2, /unknown command 'statsu' \(Did you mean status\?\)/, 'statsu')
  await ends(2, /unknown option '--wiat'/, 'reload', '--wiat')
  await ends(2, /missing required argument/, 'scale')
  await ends(2, /found "many", wanted a number/, 'scale', 'many', '--socket', path)
  await ends(2, /found "first", wanted the pid or the index/, 'kill', 'first', '--socket', path)
  await ends(2, /Allowed choices are debug, info/, 'log-level', 'loud')
  await ends(2, /--timeout: found "soon", wanted a duration/, 'status', '--timeout', 'soon')
  await ends(2, /--seconds: found 301/, 'profile', '0', '--seconds', '301')
  await ends(2, /config file .*unicorn\.config\.json.*--socket names/, 'status')
  await ends(2, /other\/unicorn\.config\.json has no controlSocket/, 'status', '-c', 'other/unicorn.config.json')
  await ends(3, /there is no such file/, 'status', '--socket', path)
  await ends(3, /the file is no socket/, 'status', '--socket', 'file')
  await ends(3, /the path is too long/, 'status', '--socket', 'x'.repeat(300))
  const byVariable = await runCtl(cwd, ['status'], { UNICORN_CONTROL_SOCKET: path })
  t.match(byVariable, { code: 3, err: /no server at .*x\.sock: there is no such file/ })
  const other = createServer(socket => socket.end('SSH-2.0-other\r\n')).listen(path)
  atEnd(t, () => other.close())
  await ends(3, /is no control socket of unicorn/, 'status', '--socket', path)
  const silent = createServer(() => {}).listen(`${path}2`)
  atEnd(t, () => silent.close())
  await ends(4, /no answer of the server at .* in time/, 'status', '--socket', `${path}2`, '--timeout', '200ms')
})

t.test('a socket that a dead server has left behind', async t => {
  const { server, path, ctl } = await startSteered(t, { workers: 1 })
  const [{ pid }] = JSON.parse((await ctl('workers', '--json')).out)
  server.signal('SIGKILL')
  await gone(server.pid, pid)
  t.match(await ctl('status'), { code: 3, err: /no server at .*: the socket was left behind by one that is gone\n$/ })
  t.ok(existsSync(path))
  const next = await startServer(t, { cwd: server.cwd })
  t.match(await ctl('status', '--json'), { code: 0, out: new RegExp(`"pid":${next.pid},`) }, 'the next one takes it')
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { heldBoot, hello, mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { NotifyReceiver } from '../helpers/notify-receiver.js'
import { run } from '../helpers/run.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'

const BROKEN = 'throw new Error("no application")'
const PRIVATE = /^(NOTIFY_SOCKET|LISTEN_|WATCHDOG_|UNICORN_(FD|PID|SINCE)|FDSTORE)/

t.test('ready, reloads with their outcomes, and the stop', async t => {
  const path = join(shortDir(t), 'notify')
  const systemd = await NotifyReceiver.listen(t, path)
  const app = hello.replace('String(process.pid)', 'JSON.stringify(Object.keys(process.env))')
  const server = await startServer(t, {
    app,
    workers: 2,
    env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: '3000000' },
    expectErrors: [messages.appLoadFailed, messages.reloadFailed, messages.exited, messages.reloadRefused],
  })
  await systemd.got('READY=1')
  t.match(systemd.lines, ['bound'], 'nothing came before the socket was there')
  await systemd.got(/^STATUS=2 of 2 workers ready, 0 requests, 0 a second$/)
  await systemd.got('WATCHDOG=1')
  t.same(
    systemd.received.filter(({ pid }) => pid !== server.pid && pid !== 0),
    [],
    'the arbiter alone speaks',
  )

  const names: unknown = JSON.parse((await new Client(t, server.target).get()).body)
  t.same(Array.isArray(names) && names.filter(name => PRIVATE.test(name)), [], 'workers have nothing of it')
  await systemd.got(/^STATUS=2 of 2 workers ready, 1 requests/)

  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await systemd.got('READY=1', 2)
  const before = process.hrtime.bigint() / 1000n
  t.ok(BigInt((await systemd.got(/^MONOTONIC_USEC=/)).replace(/\D/g, '')) < before, 'the same clock')

  writeFileSync(join(server.cwd, 'app.js'), BROKEN)
  server.signal('SIGHUP')
  await server.log(messages.reloadFailed)
  await systemd.got('READY=1', 3)
  await systemd.got(
    /^STATUS=2 of 2 workers ready, .*; the last reload failed: Application failed to load: .*no application$/,
  )

  writeFileSync(join(server.cwd, 'unicorn.config.json'), '{')
  server.signal('SIGHUP')
  await server.log(messages.reloadRefused)
  await systemd.got('READY=1', 4)
  await systemd.got(/^STATUS=.*; the last reload was refused: /)

  await server.stop()
  await systemd.got('STOPPING=1')
  const reload = ['RELOADING=1', 'READY=1']
  t.same(systemd.changes, ['READY=1', ...reload, ...reload, ...reload, 'STOPPING=1'])
})

t.test('a boot and a drain put systemd off, each by its own time limits', async t => {
  const path = `@unicorn-test-${process.pid}`
  const systemd = await NotifyReceiver.listen(t, path)
  const holds = await startHolds(t)
  const server = spawnServer(t, { app: heldBoot, env: { ...holds.env, NOTIFY_SOCKET: path } })
  await holds.arrival('boot-0')
  await systemd.got(/^EXTEND_TIMEOUT_USEC=\d+$/, 2)
  t.notOk(systemd.lines.includes('READY=1'), 'not before the worker is ready')
  holds.release('boot-0')
  await systemd.got('READY=1')
  await server.stop()
})

t.test('a drain that takes its time', async t => {
  const path = join(shortDir(t), 'notify')
  const systemd = await NotifyReceiver.listen(t, path)
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: { ...holds.env, NOTIFY_SOCKET: path } })
  const held = new Client(t, server.target).get('/hold/a')
  await holds.arrival('a')
  await systemd.got('READY=1')
  const before = systemd.lines.filter(line => line.startsWith('EXTEND')).length
  server.signal('SIGTERM')
  await systemd.got('STOPPING=1')
  await systemd.got(/^EXTEND_TIMEOUT_USEC=\d+$/, before + 2)
  holds.release('a')
  t.equal((await held).status, 200)
  t.same(await server.ended(), { code: 0, signal: null })
})

t.test('USR2: the service has a new main process when the old one is gone', async t => {
  const path = join(shortDir(t), 'notify')
  const systemd = await NotifyReceiver.listen(t, path)
  const server = await startServer(t, { env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: '3000000' } })
  await systemd.got('READY=1')
  const successor = await startUpgrade(t, server)
  await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === successor)
  await stopArbiter(server.pid)
  await systemd.got(`MAINPID=${successor}`)
  await server.log(messages.upgraded)
  await systemd.got('READY=1', 2)
  t.same(systemd.changes, ['READY=1', `MAINPID=${successor}`, 'READY=1'], 'the service never stops')
  const said = systemd.received.map(({ pid }) => pid)
  t.ok(said.indexOf(successor) > said.lastIndexOf(server.pid), 'one of them speaks at a time')
  t.equal((await new Client(t, server.target).get()).status, 200)
  await stopArbiter(successor)
  await systemd.got('STOPPING=1')
})

t.test('USR2: a new arbiter that ends is noticed, though it is no child', async t => {
  const path = join(shortDir(t), 'notify')
  await NotifyReceiver.listen(t, path)
  const server = await startServer(t, { env: { NOTIFY_SOCKET: path } })
  const successor = await startUpgrade(t, server)
  await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === successor)
  await stopArbiter(successor)
  t.match(await server.log(messages.successorGone), { level: 'info' })
  t.equal((await new Client(t, server.target).get()).status, 200)
})

t.test('a failed start says why', async t => {
  const path = join(shortDir(t), 'notify')
  const systemd = await NotifyReceiver.listen(t, path)
  const env = { NOTIFY_SOCKET: path }
  const first = await startServer(t, { env: {} })
  const { port } = new URL(first.addresses[0] ?? '')
  const second = spawnServer(t, { env, bind: `127.0.0.1:${port}` })
  t.match(await second.ended(), { code: 1 })
  await systemd.got(`STATUS=http://127.0.0.1:${port} is in use by another process (EADDRINUSE)`)
  await systemd.got('ERRNO=98')
  const expectErrors = [messages.appLoadFailed, messages.exited, messages.gaveUp]
  const third = spawnServer(t, { env, app: BROKEN, expectErrors })
  t.match(await third.ended(), { code: 4 })
  await systemd.got(/^STATUS=Application failed to load: .*no application$/)
  const starts = [
    { app: 'await new Promise(() => setInterval(() => {}, 1000))', args: ['--boot-timeout', '1'], code: 3 },
    { app: 'for (;;) {}', args: ['--boot-timeout', '1'], code: 3 },
    { app: 'process.exit(7)', args: [], code: 4 },
    { args: ['--env', 'NODE_OPTIONS=--no-such-option'], code: 3 },
  ]
  for (const { code, ...options } of starts) {
    t.match(await spawnServer(t, { env, ...options, expectErrors: [/./] }).ended(), { code }, `exit code ${code}`)
  }
  await systemd.got(/^STATUS=Worker failed to boot: not ready within 1000 ms \(--boot-timeout\), since .*app\.js/)
  await systemd.got(/^STATUS=Worker failed to boot: its event loop was blocked/)
  await systemd.got(/^STATUS=Application failed to load: it called process\.exit\(7\) at .*app\.js:1:9/)
  await systemd.got(/^STATUS=Worker failed to boot: .*--no-such-option/)
})

t.test('hooks of the start and of the end put systemd off', async t => {
  const path = join(shortDir(t), 'notify')
  const systemd = await NotifyReceiver.listen(t, path)
  const holds = await startHolds(t)
  const config = `const hold = name => fetch(process.env.HOLDS + '/' + name)
    export default { onStarting: () => hold('starting'), onExit: () => hold('exit') }`
  const server = spawnServer(t, { files: { 'unicorn.config.mjs': config }, env: { ...holds.env, NOTIFY_SOCKET: path } })
  await holds.arrival('starting')
  const extensions = (): number => systemd.lines.filter(line => line.startsWith('EXTEND')).length
  await systemd.got(/^EXTEND_TIMEOUT_USEC=\d+$/, 2)
  holds.release('starting')
  await systemd.got('READY=1')
  server.signal('SIGTERM')
  await holds.arrival('exit')
  await systemd.got(/^EXTEND_TIMEOUT_USEC=\d+$/, extensions() + 2)
  holds.release('exit')
  t.same(await server.ended(), { code: 0, signal: null })
})

t.test('a socket that nothing reads does no harm', async t => {
  const directory = shortDir(t)
  const gone = await startServer(t, { env: { NOTIFY_SOCKET: join(directory, 'gone') } })
  t.match(await gone.log(/^systemd hears nothing of this server/), { level: 'warn', code: 'ENOENT' })
  t.equal((await new Client(t, gone.target).get()).status, 200)
  t.same(await gone.stop(), { code: 0, signal: null })
  const long = await startServer(t, { env: { NOTIFY_SOCKET: `/${'x'.repeat(200)}` } })
  t.match(await long.log(/^systemd hears nothing of this server/), { code: 'ENAMETOOLONG' })
  t.equal(long.logged(/^systemd hears nothing/).length, 1, 'once')
})

/** Sends datagrams until there is no room for one more. */
const FILL = `
import socket, sys
try:
    while True:
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sender.setblocking(False)
        sender.sendto(b"FULL=1", sys.argv[1])
except BlockingIOError:
    pass
`

t.test('what systemd has no room for now it gets later, in order', async t => {
  const path = join(shortDir(t), 'notify')
  const systemd = await NotifyReceiver.listen(t, path)
  const server = await startServer(t, { env: { NOTIFY_SOCKET: path } })
  await systemd.got('READY=1')
  systemd.stop()
  await run(['python3', '-c', FILL, path], { cwd: '/' })
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.equal((await new Client(t, server.target).get()).status, 200, 'it does not wait for that')
  systemd.go()
  await systemd.got('READY=1', 2)
  t.same(
    systemd.changes.filter(line => line !== 'FULL=1'),
    ['READY=1', 'RELOADING=1', 'READY=1'],
  )
})

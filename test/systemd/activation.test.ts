import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { descriptorsOf } from '../helpers/process.js'
import { root } from '../helpers/root.js'
import { type ServerOptions, spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'

function activated(sockets: readonly string[], options: ServerOptions = {}): ServerOptions {
  return { bind: '', ...options, through: ['python3', `${root}test/fixtures/systemd/activate.py`, ...sockets, '--'] }
}

function everyAddress(server: Server): string[] {
  const [line] = server.logged(messages.listening)
  return line?.msg.replace(/^Listening at: | \(\d+\)$/g, '').split(', ') ?? []
}

t.test(
  'without --bind, all sockets that systemd passes; they stay as they are, through reload and upgrade',
  async t => {
    const path = join(shortDir(t), 'app.sock')
    const options = activated(['web=tcp', `web=unix:${path}`, 'admin=tcp'])
    const server = await startServer(t, options)
    const addresses = everyAddress(server)
    t.match(addresses, [/^http:\/\/127\.0\.0\.1:\d+$/, `unix:${path}`, /^http:\/\/127\.0\.0\.1:\d+$/])
    const load = new Load(new Client(t, server.target), { concurrency: 2 })
    t.equal((await new Client(t, { socketPath: path }).get()).status, 200)
    server.signal('SIGHUP')
    await server.log(messages.reloaded)
    const successor = await startUpgrade(t, server)
    const ready = await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === successor)
    await stopArbiter(server.pid)
    await server.log(messages.upgraded)
    const second = await startUpgradeOf(t, server, successor)
    await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === second, { after: ready })
    await stopArbiter(successor)
    t.same(await load.stop(), [])
    t.equal((await new Client(t, { socketPath: path }).get()).status, 200)
    await stopArbiter(second)
    t.ok(existsSync(path), 'the path is not ours to remove')
  },
)

async function startUpgradeOf(t: Parameters<typeof startUpgrade>[0], server: Server, pid: number): Promise<number> {
  const after = server.lines.at(-1)
  process.kill(pid, 'SIGUSR2')
  const { successor } = await server.log(messages.upgrading, after && { after })
  t.teardown(() => stopArbiter(Number(successor)))
  return Number(successor)
}

t.test('by name and by number, beside addresses of its own; workers inherit no more than those', async t => {
  const name = `unicorn-test-${process.pid}`
  const app = hello.replace(
    'String(process.pid)',
    'Object.keys(process.env).filter(name => /LISTEN/.test(name)).join()',
  )
  const args = ['--bind', 'fd://web', '--bind', 'fd://4', '--bind', '127.0.0.1:0']
  const server = await startServer(
    t,
    activated(['web=tcp', `other=abstract:${name}`, 'web=tcp6', 'unused=tcp'], { app, args }),
  )
  const addresses = everyAddress(server)
  t.match(addresses, [/^http:\/\/127/, /^http:\/\/\[::\]:\d+$/, `unix:@${name}`, /^http:\/\/127/])
  t.equal((await new Client(t, server.target).get()).body, '', 'a worker has no LISTEN_*')
  t.match(await server.log(/^systemd passes sockets that are not served, .*: unused \(fd:\/\/6\)/), { level: 'warn' })
  const sockets = new Set(
    [...descriptorsOf(server.pid)].filter(([, what]) => what.startsWith('socket')).map(([, what]) => what),
  )
  const inherited = [...descriptorsOf(server.worker())].flatMap(([fd, what]) => (sockets.has(what) ? [fd] : []))
  t.same(
    inherited.filter(fd => fd > 2 && fd < 8),
    [4, 5, 6, 7],
    'at the places of the listeners, and the unused one is not among them',
  )
})

const LIES: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['no number', ['web=tcp', 'LISTEN_FDS:=many'], /^LISTEN_FDS: found "many", wanted the number of descriptors/],
  ['a descriptor that is not there', ['a=tcp', 'b=none'], /descriptor 4 \(b\) is no open socket/],
  ['no socket', ['a=pipe'], /descriptor 3 \(a\) is no open socket/],
  ['a datagram socket', ['a=datagram'], /descriptor 3 \(a\) is no stream socket \(ListenDatagram=/],
  ['one that does not listen', ['a=idle'], /descriptor 3 \(a\) does not listen \(Accept=yes\)/],
  [
    'too few names',
    ['a=tcp', 'b=tcp', 'LISTEN_FDNAMES:=a'],
    /LISTEN_FDNAMES: found 1 names \(a\), wanted one for each/,
  ],
]

t.test('LISTEN_* that lie', async t => {
  for (const [what, sockets, message] of LIES) {
    const server = spawnServer(t, activated(sockets))
    t.same(await server.ended(), { code: 1, signal: null }, what)
    t.match(server.lines.at(-1)?.msg.replace(/^unicorn: /, ''), message, what)
  }
  const missing = spawnServer(t, activated(['web=tcp'], { bind: 'fd://api' }))
  t.same(await missing.ended(), { code: 1, signal: null })
  t.match(missing.lines.at(-1)?.msg, /fd:\/\/api: systemd has passed no socket of that name, wanted one of web/)
})

t.test('sockets for another process are not used, and the log says so', async t => {
  const server = await startServer(t, activated(['web=tcp', 'LISTEN_PID:=1'], { bind: '127.0.0.1:0' }))
  t.match(await server.log(/^LISTEN_FDS is not used: it is meant for process 1/), { level: 'warn' })
  const named = spawnServer(t, activated(['web=tcp', 'LISTEN_PID:=-'], { bind: 'fd://web' }))
  t.same(await named.ended(), { code: 1, signal: null })
  t.match(named.lines.at(-1)?.msg, /wanted a socket unit that starts this service; LISTEN_FDS is not used/)
})

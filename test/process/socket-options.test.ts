import t from 'tap'
import { says } from '../helpers/apps.js'
import { freePort } from '../helpers/free-port.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { run } from '../helpers/run.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'

function ask(host: string, port: number): Promise<number> {
  return new Client(t, { host, port }).get().then(({ status }) => status)
}

/** Node has no such client before release 22. */
const ASK = `
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect("\\0" + sys.argv[1])
client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
print(client.recv(100).split()[1].decode())
`

/** The status of a request to an abstract socket. */
async function askAbstract(name: string): Promise<string> {
  return (await run(['python3', '-c', ASK, name], { cwd: '/' })).trim()
}

t.test('[::] takes IPv4 too, unless --ipv6-only says otherwise', async t => {
  const port = await freePort('::')
  const both = await startServer(t, { bind: `[::]:${port}` })
  t.same([await ask('127.0.0.1', port), await ask('::1', port)], [200, 200])
  await both.stop()
  await startServer(t, { bind: `[::]:${port}`, args: ['--ipv6-only'] })
  t.equal(await ask('::1', port), 200)
  await t.rejects(ask('127.0.0.1', port), { code: 'ECONNREFUSED' })
  const other = await startServer(t, { bind: `127.0.0.1:${port}` })
  t.equal(await ask('127.0.0.1', port), 200, 'where another server may listen')
  await other.stop()
})

t.test('abstract sockets: served, refused if taken, through an upgrade', async t => {
  const name = `unicorn-test-${process.pid}`
  const server = await startServer(t, { bind: `unix:@${name}` })
  t.same(server.addresses, [`unix:@${name}`])
  t.equal(await askAbstract(name), '200')
  const second = spawnServer(t, { bind: `unix:@${name}`, cwd: server.cwd })
  t.same(await second.ended(), { code: 1, signal: null })
  t.match(second.lines.at(-1)?.msg, new RegExp(`unix:@${name} is in use by another process`))
  const successor = await startUpgrade(t, server)
  await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === successor)
  await stopArbiter(server.pid)
  t.equal(await askAbstract(name), '200')
  await stopArbiter(successor)
  await t.rejects(askAbstract(name), { message: /ConnectionRefusedError/ })
})

t.test('descriptors that are no sockets', async t => {
  for (const [bind, said] of [
    ['fd://99', 'fd://99 is no open descriptor (EBADF)'],
    ['fd://3', 'fd://3 is no socket (ENOTSOCK)'],
  ] as const) {
    const server = spawnServer(t, { bind, through: ['sh', '-c', 'exec 3</dev/null; exec "$@"', 'sh'] })
    t.same(await server.ended(), { code: 1, signal: null })
    t.match(server.lines.at(-1)?.msg, said)
  }
})

t.test('--reuse-port: two servers share a port, and each has its share', async t => {
  const port = await freePort('127.0.0.1')
  const options = { bind: `127.0.0.1:${port}`, args: ['--reuse-port'] }
  const first = await startServer(t, { ...options, app: says('first') })
  await startServer(t, { ...options, app: says('second') })
  const seen = new Set<string>()
  await until('both answer', async () => {
    seen.add((await new Client(t, { host: '127.0.0.1', port }).get()).body)
    return seen.size === 2
  })
  t.same([...seen].sort(), ['first', 'second'])
  first.signal('SIGHUP')
  await first.log(messages.reloaded)
  const without = spawnServer(t, { bind: `127.0.0.1:${port}` })
  t.same(await without.ended(), { code: 1, signal: null }, 'no server that does not ask for it')
})

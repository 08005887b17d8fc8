import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { descriptorsOf } from '../helpers/process.js'
import { requireCommand } from '../helpers/require-command.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { spawnClean } from '../helpers/spawn.js'
import { until } from '../helpers/until.js'

// Clients that do everything slowly, by slowhttptest, a package of Debian. `npm run slow` has each attack last
// SLOW_SECONDS, against a server with the limits that it has by default.

const SECONDS = Number(process.env.SLOW_SECONDS ?? 0)
const CONNECTIONS = 1000
/** How many requests are answered while all attackers hold their connections. */
const REQUESTS = 100

const ATTACKS: Readonly<Record<string, readonly string[]>> = {
  'slow heads': ['-H'],
  'slow bodies': ['-B', '-s', '100000'],
  // More than the kernel takes for such a client.
  'slow readers': ['-X', '-w', '512', '-y', '1024', '-n', '5', '-z', '32'],
}

/** All at once, and nothing ends them; or one after the other, with the server's own limits. */
const ROUNDS = SECONDS > 0 ? Object.keys(ATTACKS).map(name => [name]) : [Object.keys(ATTACKS)]
const ENDLESS = ['--header-timeout', '60s', '--min-body-rate', '0', '--worker-connections', '2000']

const APP = `const large = Buffer.alloc(${128 * 1024}, 'x')
export async function application(environ, startResponse) {
  if (environ.REQUEST_METHOD === 'POST') await environ['wsgi.input'].read()
  startResponse('200 OK', [])
  return [environ.PATH_INFO === '/large' ? large : 'hello']
}
`

/** @returns the process that attacks */
function attack(t: Test, name: string, { target, cwd }: Server): number {
  if ('socketPath' in target) throw new Error('slowhttptest knows no unix sockets')
  const url = `http://${target.host}:${target.port}/large`
  const rate = ['-c', String(CONNECTIONS), '-r', '500', '-i', '2', '-x', '24', '-l', String(SECONDS || 120)]
  const child = spawnClean(['slowhttptest', ...(ATTACKS[name] ?? []), ...rate, '-u', url, '-v', '0'], { cwd })
  child.stdout?.resume()
  atEnd(t, async () => {
    if (child.exitCode === null && child.kill()) await once(child, 'exit')
  })
  return child.pid ?? 0
}

function connectionsOf(pid: number): number {
  return [...descriptorsOf(pid).values()].filter(target => target.startsWith('socket:')).length
}

const SERVERS = [
  ['async', 'node'],
  ['sync', 'node'],
  ['sync', 'native'],
  ...(SECONDS > 0 ? [['async', 'native'] as const] : []),
] as const

for (const [workerClass, engine] of SERVERS) {
  for (const names of ROUNDS) {
    t.test(`${workerClass}, ${engine}: ${names.join(', ')}: every other request is answered`, async t => {
      requireCommand(['which', 'slowhttptest'])
      const args = ['--worker-class', workerClass, '--http-engine', engine, ...(SECONDS > 0 ? [] : ENDLESS)]
      const server = await startServer(t, { app: APP, workers: 2, args })
      const workers = server.workers()
      const load = new Load(new Client(t, server.target), { concurrency: 4 })
      const attackers = names.map(name => attack(t, name, server))
      await until('the attackers are connected', () => attackers.every(pid => connectionsOf(pid) > CONNECTIONS * 0.9))
      const before = load.replies.length
      await pause(SECONDS * 1000)
      await until('requests are answered', () => load.replies.length - before >= REQUESTS)
      t.same(await load.stop(), [])
      t.same(server.workers(), workers, 'no worker has died')
      t.comment(`${load.replies.length - before} requests answered`)
    })
  }
}

import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello } from '../helpers/apps.js'
import { atEnd, testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { isRunning, killAndWait } from '../helpers/process.js'
import { unicornBin } from '../helpers/root.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { spawnClean } from '../helpers/spawn.js'
import { until } from '../helpers/until.js'

const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')

/** Writes to standard output by each way that applications have. */
const TALKS = `
export function application(environ, startResponse) {
  console.log(environ.PATH_INFO)
  process.stdout.write('written\\n')
  startResponse('200 OK', [])
  return [String(process.pid)]
}
`

const TALKING_HOOKS = `
exports.onStarting = () => console.log('starting')
exports.whenReady = () => new Promise(resolve => setTimeout(resolve, 50, console.log('ready')))
`

t.test('the reader of standard output is gone: lines are lost, which is said once, and no process', async t => {
  const server = await startServer(t, {
    app: TALKS,
    files: { 'unicorn.config.cjs': TALKING_HOOKS },
    through: ['bash', '-c', 'exec "$@" > >(true)', 'bash'],
  })
  const client = new Client(t, server.target)
  const pids = new Set<number>()
  for (let count = 0; count < 20; count++) pids.add((await client.get()).pid)
  t.same([...pids], [server.worker()])
  await server.log(messages.streamBroken, { count: 2 })
  t.same(
    server.logged(messages.streamBroken).map(({ pid }) => pid),
    [server.pid, server.worker()],
    'by the arbiter for its hooks, and by the worker',
  )
})

t.test('a full disk under standard output costs the application its lines', async t => {
  const server = await startServer(t, { app: TALKS, through: ['bash', '-c', 'exec "$@" > /dev/full', 'bash'] })
  const client = new Client(t, server.target)
  t.same(new Set((await client.many(10)).map(({ status }) => status)), new Set([200]))
  await t.resolves(server.log(messages.streamBroken))
})

t.test('both standard streams are sockets that nobody reads: requests, reload and stop go on', async t => {
  const socketPath = join(shortDir(t), 'app.sock')
  const cwd = testdir(t, { 'app.js': hello })
  const args = ['-b', `unix:${socketPath}`, '-w', '2', '--log-level', 'debug', '--access-logfile', '-']
  const child = spawnClean([process.execPath, unicornBin, ...args, 'app:application'], { cwd })
  const pid = child.pid ?? 0
  atEnd(t, () => (isRunning(pid) ? killAndWait(pid) : undefined))
  await until('it listens', () => existsSync(socketPath))
  const client = new Client(t, { socketPath }, { keepAlive: true })
  const old = new Set<number>()
  for (let round = 0; round < 40; round++) for (const reply of await client.many(50)) old.add(reply.pid)
  t.notOk(old.has(Number.NaN), 'all of them are answered')
  for (let count = 0; count < 1000; count++) process.kill(pid, 'SIGUSR1')
  process.kill(pid, 'SIGHUP')
  await until('the new workers serve', async () => {
    client.close()
    const replies = await client.many(10)
    return replies.every(reply => !old.has(reply.pid))
  })
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', text => {
    errors += text
  })
  await until('everything is read that was written', () => errors.includes('Listening at'))
  process.kill(pid, 'SIGTERM')
  child.stdout?.resume()
  const code = await new Promise(resolve => child.once('exit', resolve))
  t.equal(code, 0)
})

t.test('log files that cannot be opened any more: a new worker serves, and logs to the standard streams', async t => {
  const directory = shortDir(t)
  const socketPath = join(directory, 'app.sock')
  const logs = join(directory, 'logs')
  mkdirSync(logs)
  const args = ['--error-logfile', join(logs, 'error.log'), '--access-logfile', join(logs, 'access.log')]
  const server = spawnServer(t, { bind: `unix:${socketPath}`, args, expectErrors: [messages.logNotOpened] })
  await until('the worker is ready', () => read(join(logs, 'error.log')).includes('Worker ready'))
  const client = new Client(t, { socketPath })
  const first = await client.get()
  rmSync(logs, { recursive: true })
  process.kill(first.pid, 'SIGKILL')
  await server.log(messages.logNotOpened, { count: 2 })
  const second = await client.get('/second')
  t.equal(second.status, 200)
  t.not(second.pid, first.pid)
  await t.resolves(server.stdout.wait(/GET \/second/))
  mkdirSync(logs)
  process.kill(server.pid, 'SIGUSR1')
  await until('the worker has opened its logs', () => existsSync(join(logs, 'access.log')))
  await client.get('/third')
  await until('they are written', () => read(join(logs, 'access.log')).includes('/third'))
  t.same(await server.stop(), { code: 0, signal: null })
})

t.test('paths that lead to a standard stream mean the same as -', async t => {
  const link = join(shortDir(t), 'access.log')
  symlinkSync('/dev/stdout', link)
  for (const [accesslog, errorlog] of [
    ['/dev/stdout', '/dev/stderr'],
    ['/proc/self/fd/1', '/dev/fd/2'],
    [link, '-'],
  ] as const) {
    const server = await startServer(t, { args: ['--access-logfile', accesslog, '--error-logfile', errorlog] })
    await new Client(t, server.target).get('/seen')
    await t.resolves(server.stdout.wait(/GET \/seen/), `${accesslog}, ${errorlog}`)
    t.same(await server.stop(), { code: 0, signal: null })
  }
})

t.test('a descriptor that only the arbiter has is a log for workers too', async t => {
  const server = await startServer(t, {
    args: ['--access-logfile', '/dev/fd/9'],
    through: ['bash', '-c', 'exec "$@" 9>access.log', 'bash'],
  })
  await new Client(t, server.target).get('/seen')
  await until('the line is there', () => read(join(server.cwd, 'access.log')).includes('/seen'))
  t.match(read(join(server.cwd, 'access.log')), /GET \/seen/)
})

t.test('the reader of a named pipe gets the lines of all workers', async t => {
  const server = await startServer(t, {
    args: ['--access-logfile', 'pipe'],
    through: ['bash', '-c', 'mkfifo pipe && { cat pipe > access.log & } && exec "$@"', 'bash'],
  })
  await new Client(t, server.target).get('/seen')
  await until('the line is there', () => read(join(server.cwd, 'access.log')).includes('/seen'))
  t.match(read(join(server.cwd, 'access.log')), /GET \/seen/)
})

t.test('a log that cannot be opened is a fault of the configuration', async t => {
  for (const args of [
    ['--access-logfile', 'missing/access.log'],
    ['--access-logfile', 'missing/access.log', '--check-config'],
    ['--error-logfile', 'missing/error.log', '--check-config'],
  ]) {
    const server = spawnServer(t, { args })
    t.same(await server.ended(), { code: 1, signal: null }, args.join(' '))
    t.match(server.lines.at(-1)?.msg, /^unicorn: cannot open the log file .*missing/)
  }
})

import { once } from 'node:events'
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { heldBoot, mischief } from '../helpers/apps.js'
import { atEnd, testdir } from '../helpers/at-end.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { handling, messages } from '../helpers/messages.js'
import { descriptorsOf, gone, isRunning, killAndWait, runningIn } from '../helpers/process.js'
import { requireCommand } from '../helpers/require-command.js'
import { unicornBin } from '../helpers/root.js'
import { spawnClean } from '../helpers/spawn.js'
import { until } from '../helpers/until.js'

interface Scene {
  readonly cwd: string
  /** Runs the command with `--daemon`; `ended` has what it wrote, and its exit code. */
  readonly start: (args: readonly string[], options?: Options) => Start
  /** The messages in the log file. */
  readonly log: () => string[]
  /** By the pid file. @throws Error if there is none */
  readonly pid: () => number
}
interface Options {
  readonly env?: Record<string, string>
  readonly through?: readonly string[]
}
interface Start {
  readonly pid: number
  readonly ended: Promise<{ code: number | null; output: string; errors: string }>
}

const LOGGED = ['--log-file', 'log', '--pid', 'pid']

/** A daemon is no child of the test: what runs in the directory ends with the test. */
function scene(t: Test, files: Record<string, string> = {}): Scene {
  const cwd = realpathSync(testdir(t, { 'app.js': mischief, 'bad.js': 'throw new Error("no luck")', ...files }))
  atEnd(t, async () => {
    for (const pid of runningIn(cwd)) await killAndWait(pid)
  })
  const read = (name: string): string => (existsSync(join(cwd, name)) ? readFileSync(join(cwd, name), 'utf8') : '')
  return {
    cwd,
    start: (args, { env = {}, through = [] } = {}) => {
      const command = [...through, process.execPath, unicornBin, '--bind', '127.0.0.1:0', '--daemon', ...args]
      const child = spawnClean(command, { cwd, env })
      if (child.pid === undefined || !child.stdout || !child.stderr) throw new Error('the command was not spawned')
      const all = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
      return { pid: child.pid, ended: all.then(([output, errors, [code]]) => ({ code, output, errors })) }
    },
    log: () =>
      read('log')
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line).msg), // the last one may be torn
    pid: () => {
      const pid = Number(read('pid'))
      if (!(pid > 0)) throw new Error(`no daemon has written its pid file\n${read('log')}`) // 0 would be this group
      return pid
    },
  }
}

/** Fields of /proc/PID/stat (proc(5)), by their numbers. */
function stat(pid: number, field: number): number {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[field - 3])
}

function client(t: Test, { log }: Scene): Client {
  const [address = ''] = log().flatMap(msg => messages.listening.exec(msg)?.groups?.address ?? [])
  return new Client(t, { host: '127.0.0.1', port: Number(new URL(address).port) })
}

const count = ({ log }: Scene, message: RegExp): number => log().filter(msg => message.test(msg)).length

t.test('the command ends when the server is ready, which HUP, USR2 and TERM reach by its pid file', async t => {
  const daemon = scene(t, { 'unicorn.config.json': '{ "workers": 2 }' })
  t.same(await daemon.start([...LOGGED, 'app:application']).ended, { code: 0, output: '', errors: '' })
  t.equal(count(daemon, messages.ready), 2, 'both workers are ready')
  const pid = daemon.pid()
  t.equal(stat(pid, 6), pid, 'it leads a session of its own')
  t.equal(stat(pid, 7), 0, 'without a terminal')
  t.not(stat(pid, 4), process.pid)
  const open = descriptorsOf(pid)
  t.same(
    [0, 1, 2].map(fd => open.get(fd)),
    Array(3).fill('/dev/null'),
  )
  t.notOk([...open.values()].some(target => target === descriptorsOf(process.pid).get(1)))
  t.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^Umask:\s+0022$/m)
  const asked = client(t, daemon)
  t.equal((await asked.get('/env/UNICORN_LAUNCHER')).body, 'undefined', 'no worker hears of the start')

  process.kill(pid, 'SIGHUP')
  await until('reloaded', () => count(daemon, messages.reloaded) === 1)
  process.kill(pid, 'SIGUSR2')
  await until('the new arbiter has its workers', () => count(daemon, messages.ready) === 6)
  process.kill(pid, 'SIGTERM')
  await gone(pid)
  await until('its pid file is that of the new one', () => existsSync(join(daemon.cwd, 'pid')) && daemon.pid() !== pid)
  const successor = daemon.pid()
  t.equal(stat(successor, 6), pid, 'the new arbiter is not made a daemon once more')
  t.equal((await asked.get()).status, 200)
  process.kill(successor, 'SIGTERM')
  await gone(successor)
  t.same(runningIn(daemon.cwd), [], 'nothing is left')
  t.notOk(existsSync(join(daemon.cwd, 'pid')))
})

t.test('a server that does not start: the command says why, and ends with its exit code', async t => {
  const daemon = scene(t)
  const refused = async (args: readonly string[], code: number, why: RegExp, options?: Options): Promise<void> => {
    const ended = await daemon.start(args, options).ended
    t.equal(ended.code, code, String(why))
    t.match(ended.errors, why)
    t.match(ended.errors, /^unicorn: .*\n$/, 'one line')
  }
  await refused(['bad:application'], 4, /no luck/)
  writeFileSync(join(daemon.cwd, 'mine'), `${process.pid}\n`)
  await refused(['--pid', 'mine', 'app:application'], 1, /pid file \S+ belongs to a live process/)
  const systemd = /daemon: this process is a service of systemd's.*; wanted a server in the foreground/
  await refused(['app:application'], 1, systemd, { env: { NOTIFY_SOCKET: '/nowhere' } })
  await refused(['app:application'], 1, systemd, { env: { LISTEN_FDS: '1', LISTEN_PID: '1' } })
  const through = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']), '--pid', '--fork']
  requireCommand([...through, 'true'])
  await refused(['app:application'], 1, /daemon: this process is PID 1/, { through })
  t.same(runningIn(daemon.cwd), [])
})

t.test('what does not serve stays in the foreground, and what is lost is said', async t => {
  const daemon = scene(t)
  t.equal((await daemon.start(['--check-config', 'app:application']).ended).code, 0)
  const { output } = await daemon.start(['--print-config', 'app:application']).ended
  t.match(output, /^daemon += true /m)
  t.same(runningIn(daemon.cwd), [])

  const args = ['--pid', 'pid', '--access-logfile', '-', '--reload', 'bad:application']
  const { code, errors } = await daemon.start(args).ended
  t.equal(code, 0, 'with --reload it waits for a change, in the background too')
  t.match(errors, /^unicorn: The application failed to load: nothing is served until a file changes$/m)
  t.match(errors, /the error log goes to standard error: set --log-file, and the access log .*, or it is lost$/m)
  process.kill(daemon.pid(), 'SIGTERM')
  await until('nothing is left', () => runningIn(daemon.cwd).length === 0)
})

t.test(
  'a command that is stopped takes the server along, one that is killed does not, and each end is told',
  async t => {
    const daemon = scene(t, { 'app.js': heldBoot })
    const holds = await startHolds(t)
    const stopped = daemon.start([...LOGGED, 'app:application'], { env: holds.env })
    await holds.arrival('boot-0')
    process.kill(stopped.pid, 'SIGINT')
    const ended = await stopped.ended
    t.same([ended.code, ended.errors], [1, 'unicorn: daemon: the server was stopped before it was ready\n'])
    t.equal(count(daemon, handling('int')), 1, 'it gets the signal that the command gets')
    t.same(runningIn(daemon.cwd), [])
    holds.release('boot-0')

    const lost = daemon.start([...LOGGED, 'app:application'], { env: holds.env })
    await holds.arrival('boot-0')
    process.kill(daemon.pid(), 'SIGKILL')
    const { code, errors } = await lost.ended
    t.same([code, errors], [1, 'unicorn: daemon: the server was ended by SIGKILL before it was ready\n'])
    holds.release('boot-0')
    await until('its worker has ended', () => runningIn(daemon.cwd).length === 0)

    const killed = daemon.start([...LOGGED, 'app:application'], { env: holds.env })
    await holds.arrival('boot-0')
    process.kill(killed.pid, 'SIGKILL')
    await killed.ended
    holds.release('boot-0')
    await until('the server is ready', () => count(daemon, messages.ready) === 1)
    t.ok(isRunning(daemon.pid()))
    const pid = daemon.pid()
    process.kill(pid, 'SIGTERM')
    await gone(pid)
    t.notOk(daemon.log().some(msg => messages.uncaught.test(msg)))
  },
)

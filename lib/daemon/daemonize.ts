import { type ChildProcess, spawn } from 'node:child_process'
import { ExitCode, UnicornError } from '../errors.js'
import { LAUNCHER, type Report } from './launcher.js'

type Environment = Readonly<Record<string, string | undefined>>

/** What files of a daemon's lack unless `umask` says otherwise: as of Gunicorn's. */
const UMASK = 0o022

/** How a daemon is started, and what is shown meanwhile. */
export interface Start {
  /** The executable and its arguments. */
  readonly command: readonly string[]
  readonly env: Environment
  /** Shows a sentence to the user. */
  readonly say: (sentence: string) => unknown
  /** Takes what is to be called with each signal that tells this process to stop. */
  readonly onStop: (stop: (signal: NodeJS.Signals) => void) => void
}

/**
 * Starts this command once more, in a session of its own, without a terminal and with the null device as its standard
 * streams, and waits until it serves. It keeps the working directory.
 * @throws UnicornError that says why the server did not start, with its exit code
 */
export async function daemonize({ command, env, say, onStop }: Start): Promise<ExitCode> {
  refuseSupervised(env)
  process.umask(UMASK)
  const [executable = process.execPath, ...args] = command
  const daemon = spawn(executable, args, {
    env: { ...env, [LAUNCHER]: String(process.pid) },
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  onStop(signal => daemon.kill(signal))
  const report = await reportOf(daemon)
  if (report.type === 'failed') throw new UnicornError(report.why, {}, report.exitCode)
  if (report.note !== undefined) say(report.note)
  return ExitCode.ok
}

/** @throws UnicornError if what has started this process would take its end for that of the server */
function refuseSupervised({ NOTIFY_SOCKET, LISTEN_FDS }: Environment): void {
  const listens = LISTEN_FDS !== undefined && LISTEN_FDS !== '' && LISTEN_FDS !== '0'
  const found = [
    process.pid === 1 && 'PID 1, with whose end a container ends',
    NOTIFY_SOCKET && `a service of systemd's (NOTIFY_SOCKET=${NOTIFY_SOCKET})`,
    listens && `a service of systemd's with sockets (LISTEN_FDS=${LISTEN_FDS})`,
  ].find(Boolean)
  if (!found) return
  const wanted = 'a server in the foreground there: leave --daemon out'
  throw new UnicornError(`daemon: this process is ${found}; wanted ${wanted}`, { found, wanted, where: 'daemon' })
}

type Outcome = Extract<Report, { type: 'ready' }> | { type: 'failed'; why: string; exitCode: ExitCode }

/** A daemon that fails says why, and its exit code comes when it has ended. */
function reportOf(daemon: ChildProcess): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let why: string | undefined
    daemon.on('message', (report: Report) => {
      if (report.type === 'ready') resolve(report)
      else why = report.why
    })
    daemon.once('error', error => {
      const message = `daemon: the server cannot be started in the background: ${error.message}`
      reject(new UnicornError(message, { where: 'daemon', error }))
    })
    // Once the channel is read to its end too.
    daemon.once('close', (code, signal) => {
      const end = signal ? `was ended by ${signal}` : code === 0 ? 'was stopped' : `ended with exit code ${code}`
      const known = Object.values(ExitCode).find(each => each === code) || ExitCode.refused
      resolve({ type: 'failed', why: why ?? `daemon: the server ${end} before it was ready`, exitCode: known })
    })
  })
}

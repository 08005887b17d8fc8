import { type ChildProcess, execFile } from 'node:child_process'
import cluster from 'node:cluster'
import { Duplex } from 'node:stream'
import { cfgOf } from '../../config/gunicorn/cfg.js'
import { hookNames, hooks } from '../../config/hooks.js'
import { isMonitored } from '../../config/monitoring.js'
import { snakeCase } from '../../config/names.js'
import type { Resolved } from '../../config/resolve.js'
import type { Config } from '../../config/settings.js'
import { currentEnvironment, PRIVATE } from '../../config/sources/env.js'
import { formatAddress } from '../listeners/address.js'
import type { ListenerSeat } from '../listeners/listener-seat.js'
import { anchorArguments, anchorEnvironment, preloadsOf } from '../sys/node-options.js'
import type { Tls } from '../tls/material.js'
import type { Boot, BootPython } from '../worker/protocol.js'
import { accountOf } from './account.js'
import type { WorkerHandle } from './worker-handle.js'

/** The first descriptor after stdin, stdout, stderr and the IPC channel. */
const FIRST_LISTENER_FD = 4

/** Node's exit code for arguments, or NODE_OPTIONS, that it does not take ("Process exit codes"). */
const INVALID_ARGUMENT = 9
/** Node's exit code for an error that nothing catches. */
const UNCAUGHT = 1
/** For how long Node may take to say what it refuses, in milliseconds. */
const REFUSAL_TIME = 10_000

/** How the process of a worker is started, but for what it inherits. */
interface Start {
  readonly cwd: string
  readonly execArgv: readonly string[]
  /** Changes to the environment. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Forks one worker, which inherits the listeners' descriptors. Each fork resolves the working directory anew, so a
 * `current` symlink that has moved is followed.
 * @param exec the file that the worker runs
 * @throws system errors such as EAGAIN; others come as the child's `error` event
 */
export function spawnWorker(
  exec: string,
  resolved: Resolved,
  { index, fds }: { index: number; fds: readonly number[] },
): ChildProcess {
  const { cwd, execArgv, env } = startOf(resolved, index)
  const captured = isCaptured(resolved)
  // A port that the application opens itself must not go through the arbiter either.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({
    exec,
    args: [...resolved.config.args],
    cwd,
    execArgv: [...execArgv],
    // Behind the listeners: what the logs of a worker use whose own streams are read here, and its watchdog's channel.
    stdio: [
      'ignore',
      ...(captured ? (['pipe', 'pipe'] as const) : (['inherit', 'inherit'] as const)),
      'ipc',
      ...fds,
      ...(captured ? [1, 2] : []),
      ...(hasWatchdogChannel(resolved.config) ? (['pipe'] as const) : []),
    ],
  })
  const worker = cluster.fork(env)
  // It repeats the child's `error` event, and would throw without a listener.
  worker.on('error', () => {})
  return worker.process
}

/** Whether what a worker prints becomes records of the error log. */
function isCaptured({ config }: Resolved): boolean {
  return config.captureOutput === true
}

/** The arbiter's end of the channel to a worker's watchdog, if it has one. */
export function watchdogChannelOf(child: ChildProcess): Duplex | undefined {
  // Without a process there are no streams, whatever the types say.
  const last = child.pid === undefined ? undefined : child.stdio.at(-1)
  return last instanceof Duplex ? last : undefined
}

/** Whether something may ask how the workers are, or is told of a hang at once. */
function hasWatchdogChannel(config: Config): boolean {
  return config.watchdog && isMonitored(config)
}

/**
 * Says why a worker's process has ended before any code of the worker ran, if that was so: Node refused what it was
 * started with, or a module that Node loads first has failed.
 * @param code the exit code
 */
export async function whyNotStarted(
  resolved: Resolved,
  index: number,
  code: number | null,
): Promise<string | undefined> {
  if (code !== UNCAUGHT && code !== INVALID_ARGUMENT) return undefined
  const start = startOf(resolved, index)
  if (code === UNCAUGHT) {
    const preloads = preloadsOf(start.execArgv, start.env.NODE_OPTIONS ?? currentEnvironment().NODE_OPTIONS)
    return preloads.length > 0 ? `a module that Node loads first has failed: ${preloads.join(', ')}` : undefined
  }
  const refusal = await refusalOf(start, resolved.config.args)
  return refusal === '' ? undefined : `Node refuses to start it: ${refusal}`
}

/** Asks Node for its version with the same options: it says what is wrong with them, and runs nothing. */
function refusalOf({ cwd, execArgv, env }: Start, args: readonly string[]): Promise<string> {
  const options = { cwd, env: { ...currentEnvironment(), ...env }, timeout: REFUSAL_TIME }
  // With the arguments of a script too: Node looks for `--env-file` among them.
  const line = [...execArgv, '--version', 'script', ...args]
  return new Promise(resolve => {
    execFile(process.execPath, line, options, (_error, _stdout, stderr) => {
      resolve(stderr.trim().split('\n')[0]?.trim() ?? '')
    })
  })
}

/** What unicorn adds gives way to what the user sets. Relative paths that Node reads mean what they mean for us. */
function startOf({ config, cwd, variables }: Resolved, index: number): Start {
  const { chdir, rawEnv, instanceVar } = config
  const inherited = currentEnvironment()
  const isElsewhere = chdir !== cwd
  const isNew = ([name]: readonly [string, unknown]): boolean => inherited[name] === undefined
  const env = {
    ...(isElsewhere && anchorEnvironment(inherited, cwd)),
    UNICORN_WORKER_INDEX: String(index),
    ...(instanceVar !== '' && { [instanceVar]: String(index) }),
    ...Object.fromEntries(Object.entries(variables).filter(isNew)),
    ...rawEnv,
    ...Object.fromEntries(PRIVATE.map(name => [name, undefined])),
  }
  const execArgv = isElsewhere ? anchorArguments(process.execArgv, cwd) : process.execArgv
  return { cwd: chdir, execArgv, env }
}

/** What a worker needs for an application in Python. */
export function pythonOf(
  { python: interpreter, gunicorn, config, cwd }: Resolved,
  seats: readonly ListenerSeat[],
  processes: number,
): BootPython | undefined {
  if (!interpreter) return undefined
  const names = (gunicorn?.hooks ?? []).filter(name => WORKER_HOOKS.has(name))
  if (!gunicorn || names.length === 0) return { interpreter, processes }
  const server = { pid: process.pid, address: seats.map(({ name }) => name), num_workers: config.workers }
  return {
    interpreter,
    processes,
    hooks: { location: gunicorn.location, directory: cwd, names, cfg: cfgOf(config, gunicorn), server },
  }
}

/** The hooks that run in a worker, by Gunicorn's names. */
const WORKER_HOOKS = new Set(hookNames.filter(name => hooks[name].process === 'worker').map(snakeCase))

/** Everything that a worker needs to boot. */
export function bootMessage(
  { generation, index, age, processes }: WorkerHandle,
  version: string,
  tls: Tls | undefined,
): Boot<Config> {
  const { resolved, listeners } = generation
  const seats = listeners.bound.map((address, place): ListenerSeat => {
    const seat = { fd: FIRST_LISTENER_FD + place, name: formatAddress(address), ...(address.tls && { tls: true }) }
    if (address.kind === 'tcp') return { ...seat, host: address.host, port: address.port }
    return address.kind === 'unix' ? { ...seat, path: address.path } : seat
  })
  const behind = FIRST_LISTENER_FD + seats.length
  const captured = isCaptured(resolved)
  return {
    type: 'boot',
    config: resolved.config,
    configFile: resolved.file,
    index,
    age,
    arbiterPid: process.pid,
    watchdogChannel: hasWatchdogChannel(resolved.config) ? behind + (captured ? 2 : 0) : undefined,
    version,
    listeners: seats,
    standards: captured ? { 1: behind, 2: behind + 1 } : undefined,
    account: accountOf(resolved.config),
    tls,
    checkOnly: false,
    python: pythonOf(resolved, seats, processes),
  }
}

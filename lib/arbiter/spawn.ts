import type { ChildProcess } from 'node:child_process'
import cluster from 'node:cluster'
import type { Config } from '../../config/settings.js'
import { formatAddress } from '../listeners/address.js'
import type { ListenerSeat } from '../listeners/listener-seat.js'
import type { Boot } from '../worker/protocol.js'
import type { WorkerHandle } from './worker-handle.js'

/** Variables that a worker must not inherit: they are meant for an arbiter, from its predecessor or from systemd. */
const PRIVATE = ['UNICORN_FD', 'UNICORN_PID', 'LISTEN_PID', 'LISTEN_FDS', 'NOTIFY_SOCKET', 'WATCHDOG_USEC']

/** The first descriptor after stdin, stdout, stderr and the IPC channel. */
const FIRST_LISTENER_FD = 4

/**
 * Forks one worker, which inherits the listeners' descriptors. Each fork resolves the working directory anew, so a
 * `current` symlink that has moved is followed.
 * @param exec the file that the worker runs
 * @throws system errors such as EAGAIN; others come as the child's `error` event
 */
export function spawnWorker(
  exec: string,
  config: Config,
  { index, fds }: { index: number; fds: readonly number[] },
): ChildProcess {
  // A port that the application opens itself must not go through the arbiter either.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({
    exec,
    args: [...config.args],
    cwd: config.chdir,
    execArgv: [...process.execArgv],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...fds],
  })
  const env: Record<string, unknown> = { ...config.rawEnv, UNICORN_WORKER_INDEX: index, NODE_APP_INSTANCE: index }
  for (const name of PRIVATE) env[name] = undefined
  const worker = cluster.fork(env)
  // It repeats the child's `error` event, and would throw without a listener.
  worker.on('error', () => {})
  return worker.process
}

/** Everything that a worker needs to boot. */
export function bootMessage({ generation, index, age }: WorkerHandle, version: string): Boot<Config> {
  const { resolved, listeners } = generation
  const seats = listeners.bound.map((address, place): ListenerSeat => {
    const seat = { fd: FIRST_LISTENER_FD + place, name: formatAddress(address) }
    if (address.kind === 'tcp') return { ...seat, host: address.host, port: address.port }
    return address.kind === 'unix' ? { ...seat, path: address.path } : seat
  })
  return {
    type: 'boot',
    config: resolved.config,
    configFile: resolved.file,
    index,
    age,
    arbiterPid: process.pid,
    version,
    listeners: seats,
    checkOnly: false,
  }
}

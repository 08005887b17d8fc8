import type { Logger, Snapshot } from '../../config/hooks.js'
import { Notifier } from '../systemd/notifier.js'
import { NotifySocket } from '../systemd/notify-socket.js'
import type { StoredSocket } from '../systemd/stored-sockets.js'
import type { Generations } from './generations.js'
import type { PendingCommands } from './pending-commands.js'
import type { Pool } from './pool.js'
import type { Readings } from './readings.js'
import type { Upgrade } from './upgrade.js'

type Environment = Readonly<Record<string, string | undefined>>

/** What a service is made of. */
export interface ServiceParts {
  readonly env: Environment
  readonly log: Logger
  readonly state: () => Snapshot['state']
  readonly pool: Pool
  readonly generations: Generations
  readonly commands: PendingCommands
  readonly readings: Readings
  readonly upgrade: Upgrade
  /** What systemd has kept for this start. */
  readonly restored: readonly StoredSocket[]
}

/**
 * Whether the start is over: the workers are ready. One that has ended is replaced for as long as it takes. Others
 * serve then, and there may never be all of them.
 */
export function isServing({ generations, pool }: Pick<ServiceParts, 'generations' | 'pool'>): boolean {
  return generations.isComplete || (generations.current.proven && pool.hasReaped)
}

/** Makes what tells systemd of this server. Returns undefined if systemd does not ask for it. */
export function serviceOf(parts: ServiceParts): Notifier | undefined {
  const { env, log, state, pool, generations, commands, readings, upgrade, restored } = parts
  const socket = NotifySocket.of(env, ({ path, code }) =>
    log.warn({ path, code }, `systemd hears nothing of this server: ${path} cannot be written (${code})`),
  )
  if (!socket) return undefined
  const facts = {
    get state() {
      return state()
    },
    get isServing() {
      return isServing(parts)
    },
    get reloads() {
      return readings.asked
    },
    get failure() {
      const { result, why } = commands.last.reload ?? {}
      if (result === 'refused') return `the last reload was refused: ${why}`
      return result === 'failed' ? `the last reload failed: ${why}` : undefined
    },
    get ready() {
      return pool.ready()
    },
    get wanted() {
      return generations.target
    },
    get requests() {
      return pool.counters.requests
    },
    get isServedByOther() {
      return upgrade.isServedByOther
    },
    isAlive(within: number) {
      // Fewer and fewer workers are ready then, each with a time limit of its own.
      if (state() === 'stopping') return true
      const { readyWorkers } = generations.current.resolved.config
      return upgrade.isServedByOther || pool.ready(within) >= Math.min(readyWorkers, generations.target)
    },
  }
  return new Notifier(socket, facts, { isHeard: upgrade.predecessor === undefined, restored, env })
}

import type { Figures as PublicFigures } from '../../config/hooks.js'
import type { PythonEvent, PythonHost } from '../application/application.js'
import type { ListenerSeat } from '../listeners/listener-seat.js'
import type { LogLevel } from '../logging/names.js'
import type { Standards } from '../logging/standard.js'
import type { Account } from '../sys/accounts.js'
import type { Tls } from '../tls/material.js'

/**
 * The messages between arbiter and worker, on the IPC channel that `node:cluster` opens. Nothing that a hung worker
 * must obey is a message: control is by signals.
 *
 * The channel is also the application's: its `process.send` and `process.on('message')` must work untouched. So ours
 * carry a `cmd` that begins with `NODE_`, which Node delivers as 'internalMessage' and never to 'message' listeners.
 */
const ENVELOPE = 'NODE_UNICORN'

/**
 * The signal that makes a worker drain and exit. TERM would reach the application's own handlers too early; the worker
 * calls those itself after the last response (`OwnEnd`). By default URG is ignored, and no other program sends it.
 */
export const DRAIN = 'SIGURG'

/** The longest time that a snapshot of the heap may take, in milliseconds: meanwhile the worker serves nothing. */
export const SNAPSHOT_TIME = 60_000

interface Envelope<Message> {
  cmd: typeof ENVELOPE
  message: Message
}

export function wrap<Message>(message: Message): Envelope<Message> {
  return { cmd: ENVELOPE, message }
}

/** The message in `received`, or undefined if it is not ours. Both ends run the same code, so its type is known. */
export function unwrap<Message>(received: unknown): Message | undefined {
  const envelope = received as Partial<Envelope<Message>> | null
  return typeof envelope === 'object' && envelope?.cmd === ENVELOPE ? envelope.message : undefined
}

/** Everything that a worker needs to boot. Sent with the fork, and again in answer to `hello`. */
export interface Boot<Config> {
  readonly type: 'boot'
  readonly config: Config
  /** The config file, for its hooks: functions cannot travel. */
  readonly configFile: string | undefined
  readonly index: number
  readonly age: number
  readonly arbiterPid: number
  readonly version: string
  readonly listeners: readonly ListenerSeat[]
  /** Where the logs find the standard streams, if those of the process are read by the arbiter. */
  readonly standards?: Standards | undefined
  /** The descriptor of a channel between the arbiter and this worker's watchdog, if there is one. */
  readonly watchdogChannel?: number | undefined
  /** What it gives up the rights of root for, before anything else. */
  readonly account?: Account | undefined
  /** For the listeners of TLS, if there are any. */
  readonly tls?: Tls | undefined
  /** The worker loads the application and exits, without serving (`--check-config`). */
  readonly checkOnly: boolean
  /** Of an application in Python: what runs it, and how many of its processes are this worker's. */
  readonly python?: BootPython | undefined
}

export interface BootPython extends Pick<PythonHost, 'interpreter' | 'processes' | 'hooks'> {}

export type ToWorker<Config> =
  | Boot<Config>
  /**
   * No other worker will serve these listeners, by their place: a reload has removed them. All of them if absent: the
   * server stops. The drain empties their accept queues. Sent just before the signal `DRAIN`, or during the drain.
   */
  | { readonly type: 'abandon'; readonly listeners?: readonly number[] }
  /** The server stops soon, and serves until then: the application should know. */
  | { readonly type: 'announce' }
  /** How many settled connections a worker should hold at most, so that they spread evenly over the workers. */
  | { readonly type: 'cap'; readonly cap: number }
  /** Another worker has more time for one of its connections: the client is to come again. */
  | { readonly type: 'let-go' }
  /** The arbiter shows metrics: what has the application counted? */
  | { readonly type: 'metrics' }
  /** Of which importance its lines are from now on, until the next reload. */
  | { readonly type: 'loglevel'; readonly loglevel: LogLevel }
  /** Certificates, or keys of tickets, that are new. */
  | { readonly type: 'tls'; readonly tls: Tls }
  /** How many processes of a Python application are this worker's from now on. */
  | { readonly type: 'processes'; readonly processes: number }

/** What a worker reports of itself with each beat. */
export interface Figures extends PublicFigures {
  /** For how long the oldest request has been running, in milliseconds; 0 if none is, or if many may run at once. */
  readonly oldest: number
}

export type FromWorker =
  /** The worker has got no boot message: one that came before it listened is lost. */
  | { readonly type: 'hello' }
  | { readonly type: 'ready' }
  /** Its boot has failed, and it ends. `why` is in a sentence. */
  | { readonly type: 'failed'; readonly why: string }
  | { readonly type: 'beat'; readonly figures: Figures; readonly debugged: boolean }
  /** How many of its connections are settled. Sent when the number changes. */
  | { readonly type: 'settled'; readonly connections: number }
  /** With `--reload`: the files that its modules are loaded from, or would be if they existed. */
  | { readonly type: 'loaded'; readonly files: readonly string[] }
  /** What the application has counted by prom-client, as JSON; foreign data. */
  | { readonly type: 'metrics'; readonly families: readonly unknown[] }
  /** A process of a Python application was started, or is gone. */
  | PythonEvent
  /** It wants a replacement, and serves until that is ready and `DRAIN` comes. */
  | { readonly type: 'wants-replacement'; readonly reason: 'max-requests' }
  /** It has begun to drain by itself, and exits after that. */
  | { readonly type: 'draining'; readonly reason: 'crashed' | 'exited' }

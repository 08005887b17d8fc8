import { now } from '../sys/clock.js'
import type { NotifySocket } from './notify-socket.js'
import type { StoredSocket } from './stored-sockets.js'
import { SystemdWatchdog } from './watchdog.js'

/** What systemd hears of a server, as it is at the moment of reading. */
export interface Facts {
  readonly state: 'starting' | 'running' | 'reloading' | 'stopping'
  /** Whether the start is over: the workers are ready. */
  readonly isServing: boolean
  /** How many reloads were asked for until now. */
  readonly reloads: number
  /** What became of the last reload, if that has failed. */
  readonly failure: string | undefined
  readonly ready: number
  readonly wanted: number
  /** Served since the start. */
  readonly requests: number
  /** Whether another arbiter serves the same sockets. */
  readonly isServedByOther: boolean
  /** Whether enough workers have sent a beat in the last `within` milliseconds. */
  isAlive(within: number): boolean
}

/** What a notifier begins with. */
interface Beginning {
  /** False while a predecessor lives: systemd listens to the main process alone, until `takeOver`. */
  readonly isHeard: boolean
  /** What systemd has kept for this start. */
  readonly restored: readonly StoredSocket[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The pause between two statuses, and between two extensions of a time limit, in milliseconds. */
const PAUSE = 1000
/** By how much a time limit of systemd's is put off each time, in microseconds: ten pauses. */
const EXTENSION = 10_000_000

/**
 * Tells systemd how a server fares, as a service of `Type=notify` or `notify-reload` does (sd_notify(3)). It looks at
 * the facts after each event of the arbiter, and says what has changed since.
 */
export class Notifier {
  readonly #socket: NotifySocket
  readonly #facts: Facts
  readonly #watchdog: SystemdWatchdog | undefined
  #phase: Facts['state'] = 'starting'
  #reloads = 0
  #status = ''
  #statusAt = Number.NEGATIVE_INFINITY
  #extendedAt = Number.NEGATIVE_INFINITY
  #counted: { readonly requests: number; readonly at: number } | undefined
  #stored: readonly StoredSocket[] = []
  /** systemd hears this process: no predecessor is the service's main process. */
  #isHeard: boolean

  constructor(socket: NotifySocket, facts: Facts, { isHeard, restored, env }: Beginning) {
    this.#socket = socket
    this.#facts = facts
    this.#isHeard = isHeard
    this.#stored = restored
    this.#watchdog = SystemdWatchdog.of(env)
  }

  /** The predecessor is gone, and has named this process as the main one. */
  takeOver(): void {
    this.#isHeard = true
    this.look()
  }

  /** Looks at the facts. To be called after each event, and several times a second. */
  look(): void {
    if (!this.#isHeard) return
    this.#socket.flush()
    const time = now()
    const change = this.#change()
    if (change.length > 0) this.#socket.send([...change, ...this.#newStatus(time)])
    else if (time - this.#statusAt >= PAUSE) this.#offer(this.#newStatus(time))
    if (this.#phase !== 'running' && time - this.#extendedAt >= PAUSE) {
      this.#extendedAt = time
      this.#offer([`EXTEND_TIMEOUT_USEC=${EXTENSION}`])
    }
    this.#feed(time)
  }

  /** Has systemd keep sockets for the next start, and forget those that it kept before. */
  store(sockets: readonly StoredSocket[]): void {
    if (!this.#isHeard) return
    for (const { name } of this.#stored) {
      if (!sockets.some(socket => socket.name === name)) this.#socket.send(['FDSTOREREMOVE=1', `FDNAME=${name}`])
    }
    for (const { name, fd } of sockets) {
      if (!this.#stored.some(socket => socket.name === name && socket.fd === fd)) {
        this.#socket.send(['FDSTORE=1', `FDNAME=${name}`], [fd])
      }
    }
    this.#stored = sockets
  }

  /** The server ends by itself. @param why  in a sentence */
  fail(why: string): void {
    this.#status = why
    this.#statusAt = Number.POSITIVE_INFINITY
    this.#socket.send([`STATUS=${why}`])
  }

  /** The last word of an arbiter whose successor goes on: that is the service's main process from now on. */
  handOver(successor: number): void {
    if (this.#isHeard) this.#socket.send([`MAINPID=${successor}`])
  }

  #change(): string[] {
    const facts = this.#facts // read one by one, since some cost more than others
    const { state, reloads } = facts
    const isNewReload = reloads > this.#reloads
    this.#reloads = reloads
    if (this.#phase === 'stopping') return []
    // While another arbiter serves, the service does not stop with this one.
    if (state === 'stopping') return facts.isServedByOther ? [] : this.#enter('stopping', 'STOPPING=1')
    if (this.#phase === 'starting') return facts.isServing ? this.#enter('running', 'READY=1') : []
    if (isNewReload) return this.#enter('reloading', 'RELOADING=1', `MONOTONIC_USEC=${monotonic()}`)
    return this.#phase === 'reloading' && state === 'running' ? this.#enter('running', 'READY=1') : []
  }

  #enter(phase: Facts['state'], ...lines: string[]): string[] {
    this.#phase = phase
    this.#extendedAt = Number.NEGATIVE_INFINITY
    return lines
  }

  #newStatus(time: number): string[] {
    if (this.#statusAt === Number.POSITIVE_INFINITY) return []
    this.#statusAt = time
    const status = this.#describe(time)
    if (status === this.#status) return []
    this.#status = status
    return [`STATUS=${status}`]
  }

  #describe(time: number): string {
    const { ready, wanted, requests, failure } = this.#facts
    const last = this.#counted
    this.#counted = { requests, at: time }
    const rate = last && time > last.at ? Math.round(((requests - last.requests) * 1000) / (time - last.at)) : 0
    const workers = `${ready} of ${wanted} ${wanted === 1 ? 'worker' : 'workers'} ready`
    const figures = `${workers}, ${requests} requests, ${Math.max(0, rate)} a second`
    const doing = { starting: 'Starting: ', running: '', reloading: 'Reloading: ', stopping: 'Stopping: ' }[this.#phase]
    return `${doing}${figures}${failure === undefined ? '' : `; ${failure}`}`
  }

  /** The watchdog learns nothing of a server whose workers are silent, so that systemd ends it. */
  #feed(time: number): void {
    const watchdog = this.#watchdog
    if (!watchdog?.isDue(time) || !this.#facts.isAlive(watchdog.patience)) return
    if (this.#socket.offer(['WATCHDOG=1'])) watchdog.feed(time)
  }

  #offer(lines: readonly string[]): void {
    if (lines.length > 0) this.#socket.offer(lines)
  }
}

/** CLOCK_MONOTONIC in microseconds, as systemd reads it. */
function monotonic(): bigint {
  return process.hrtime.bigint() / 1000n
}

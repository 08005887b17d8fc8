import { now } from '../../sys/clock.js'
import { BodyRate } from '../body-rate.js'
import type { HttpPolicy } from '../policy.js'
import { KEEP_ALIVE_MARGIN, KEPT_MOMENT, PROBE_AFTER, pauseBetweenLooks, SILENT_MOMENT } from '../waiting.js'
import type { ClientSocket } from './client-socket.js'
import type { Wait } from './noted-socket.js'

/** How long each wait may last, in milliseconds; 0 for ever. */
type Limits = Readonly<Record<Wait, number>>

function limitsOf({ keepAlive, bodyTimeout = 0, writeTimeout = 0 }: HttpPolicy): Limits {
  return { request: keepAlive + KEEP_ALIVE_MARGIN, body: bodyTimeout, reader: writeTimeout, answer: PROBE_AFTER }
}

/**
 * Finds the connections whose clients have done nothing for too long of what the server waits for, by one timer for
 * all: a timer of its own for each would be set and cleared with each request. It counts its own looks instead of time,
 * so no client seems slower because the event loop is late.
 */
export class Waits {
  readonly #sockets: Iterable<ClientSocket>
  readonly #limits: Limits
  readonly #rate: BodyRate
  readonly #onOverdue: (socket: ClientSocket, wait: Wait) => void
  readonly #pause: number
  readonly #timer: NodeJS.Timeout
  /** How many looks there were. */
  #now = 0

  constructor(
    sockets: Iterable<ClientSocket>,
    policy: HttpPolicy,
    onOverdue: (socket: ClientSocket, wait: Wait) => void,
  ) {
    const limits = limitsOf(policy)
    this.#sockets = sockets
    this.#limits = limits
    this.#rate = new BodyRate(policy)
    this.#onOverdue = onOverdue
    this.#pause = pauseBetweenLooks(Object.values(limits))
    this.#timer = setInterval(() => this.#look(), this.#pause).unref()
  }

  /** How long a connection may be idle, in milliseconds. */
  get keepAlive(): number {
    return this.#limits.request
  }

  /** From now on the connection waits for a next request. */
  begin(socket: ClientSocket): void {
    socket.wait = 'request'
    socket.progress = 0
    socket.waitingSince = this.#now
    socket.allowance = Number.POSITIVE_INFINITY
    socket.headStart = socket.bytesRead
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    this.#now++
    for (const socket of this.#sockets) {
      const wait = socket.awaited
      const progress = socket.progressOf(wait)
      const isSlow = wait === 'body' && this.#isSlow(socket)
      const hasMoved = wait !== socket.wait || progress !== socket.progress
      if (hasMoved) {
        socket.wait = wait
        socket.progress = progress
        socket.waitingSince = this.#now
      }
      if (isSlow || (!hasMoved && wait !== undefined && this.#isOver(socket.waitingSince, this.#limits[wait]))) {
        this.#onOverdue(socket, wait)
      }
    }
  }

  /** Whether a body comes more slowly than `minBodyRate`. Called at each look that finds the server waiting for it. */
  #isSlow(socket: ClientSocket): boolean {
    const { bytesRead } = socket
    const waited = socket.wait === 'body' ? this.#pause : 0
    socket.allowance = this.#rate.account(socket.allowance, bytesRead - socket.received, waited)
    socket.received = bytesRead
    return socket.allowance <= 0
  }

  #isOver(since: number, limit: number): boolean {
    return limit > 0 && this.#now - since > Math.ceil(limit / this.#pause)
  }
}

/**
 * Closes the connection that has been idle for longest, if one may give way to another. One whose next request has
 * begun is not idle.
 * @param senders  those on which a part of a request has come, and any that never had one
 * @returns whether there is one
 */
export function closeIdlest(sockets: Iterable<ClientSocket>, senders: ReadonlySet<ClientSocket>): boolean {
  const present = now()
  let idlest: ClientSocket | undefined
  for (const socket of sockets) {
    const isSending = socket.newest ? senders.has(socket) : socket.bytesRead > socket.headStart
    if (isSending || !socket.mayGiveWay) continue
    if (present - socket.quietSince < (socket.newest ? KEPT_MOMENT : SILENT_MOMENT)) continue
    if (!idlest || socket.quietSince < idlest.quietSince) idlest = socket
  }
  if (idlest) closeUnlessHeard(idlest)
  return idlest !== undefined
}

/** A late loop leaves a timely request in the kernel: one more turn reads it. */
function closeUnlessHeard(socket: ClientSocket): void {
  const { bytesRead } = socket
  setImmediate(() => {
    if (socket.bytesRead === bytesRead) socket.closeIfIdle()
  })
}

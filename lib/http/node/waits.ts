import { BodyRate } from '../body-rate.js'
import type { HttpPolicy } from '../policy.js'
import { KEEP_ALIVE_MARGIN, PROBE_AFTER, pauseBetweenLooks } from '../waiting.js'
import type { ClientSocket } from './client-socket.js'
import type { Wait } from './noted-socket.js'

/** How long each wait may last, in milliseconds; 0 for ever. */
type Limits = Readonly<Record<Wait, number>>

function limitsOf({ keepAlive, bodyTimeout = 0, writeTimeout = 0 }: HttpPolicy): Limits {
  return { request: keepAlive + KEEP_ALIVE_MARGIN, body: bodyTimeout, reader: writeTimeout, answer: PROBE_AFTER }
}

/** What the server waits for now; undefined if for nothing, or for what node:http itself watches: a first head. */
export function awaited(socket: ClientSocket): Wait | undefined {
  const { newest } = socket
  if (socket.upgraded || socket.destroyed) return undefined
  if (socket.writableLength > 0) return 'reader'
  if (newest === undefined || socket.writableEnded) return undefined
  if (!newest.req.complete) return newest.wantsBody ? 'body' : undefined
  if (socket.running === 0) return 'request'
  return socket.readableEnded ? 'answer' : undefined
}

/** A number that changes with all that the client does of what the server waits for. */
function progressOf({ bytesRead, handle }: ClientSocket, wait: Wait | undefined): number {
  if (wait === 'body') return bytesRead
  if (wait !== 'reader') return 0
  const { bytesWritten = 0, writeQueueSize = 0 } = handle
  return bytesWritten - writeQueueSize
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
      const wait = awaited(socket)
      const progress = progressOf(socket, wait)
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

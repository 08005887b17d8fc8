import { Looks } from '../looks.js'
import type { HttpPolicy } from '../policy.js'
import { KEEP_ALIVE_MARGIN, PROBE_AFTER } from '../waiting.js'
import type { ClientSocket } from './client-socket.js'
import type { Wait } from './noted-socket.js'

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

/** Finds the connections whose clients have done nothing for too long of what the server waits for. */
export class Waits {
  readonly #sockets: Iterable<ClientSocket>
  readonly #onOverdue: (socket: ClientSocket, wait: Wait) => void
  readonly #looks: Looks<Wait>
  /** How long a connection may be idle, in milliseconds. */
  readonly keepAlive: number

  constructor(
    sockets: Iterable<ClientSocket>,
    policy: HttpPolicy,
    onOverdue: (socket: ClientSocket, wait: Wait) => void,
  ) {
    const { keepAlive, bodyTimeout = 0, writeTimeout = 0 } = policy
    this.keepAlive = keepAlive + KEEP_ALIVE_MARGIN
    this.#sockets = sockets
    this.#onOverdue = onOverdue
    const limits = { request: this.keepAlive, body: bodyTimeout, reader: writeTimeout, answer: PROBE_AFTER }
    this.#looks = new Looks(policy, limits, () => this.#look())
  }

  /** From now on the connection waits for a next request. */
  begin(socket: ClientSocket): void {
    socket.wait = 'request'
    socket.progress = 0
    socket.waitingSince = this.#looks.now
    socket.allowance = Number.POSITIVE_INFINITY
    socket.headStart = socket.bytesRead
  }

  stop(): void {
    this.#looks.stop()
  }

  #look(): void {
    for (const socket of this.#sockets) {
      const wait = awaited(socket)
      const isSlow = wait === 'body' && this.#looks.isSlow(socket, socket.bytesRead)
      const isOver = this.#looks.isOver(socket, wait, progressOf(socket, wait))
      if (wait && (isSlow || isOver)) this.#onOverdue(socket, wait)
    }
  }
}

import type { Socket } from 'node:net'
import type { Upgrade, UpgradeRecord } from '../exchange.js'
import type { RequestHead } from '../head.js'
import type { ClientSocket } from './client-socket.js'

/** A socket that `node:http` has let go of. */
export class NodeUpgrade implements Upgrade {
  readonly head: RequestHead
  readonly #socket: ClientSocket

  constructor(head: RequestHead, socket: ClientSocket) {
    this.head = head
    this.#socket = socket
  }

  get peer(): ClientSocket['peer'] {
    return this.#socket.peer
  }

  watch(onClose: () => void): UpgradeRecord {
    const socket = this.#socket
    const before = socket.bytesWritten
    const status = sentStatus(socket)
    socket.once('close', onClose)
    return {
      get status() {
        return status()
      },
      get bytes() {
        return socket.bytesWritten - before
      },
    }
  }
}

/** Reads the status line that the application writes to a bare connection; 0 until there is one. */
function sentStatus(socket: Socket): () => number {
  let status = 0
  const { write, end } = socket
  const look = (chunk: unknown): void => {
    if (status === 0) status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(startOf(chunk))?.[1] ?? 0)
  }
  socket.write = (...args: unknown[]): boolean => {
    look(args[0])
    return Reflect.apply(write, socket, args)
  }
  socket.end = (...args: unknown[]): Socket => {
    look(args[0])
    return Reflect.apply(end, socket, args)
  }
  return () => status
}

function startOf(chunk: unknown): string {
  return chunk instanceof Uint8Array
    ? Buffer.from(chunk.subarray(0, 12)).toString('latin1')
    : String(chunk).slice(0, 12)
}

import type { Server } from 'node:http'
import type { Upgrade } from '../exchange.js'
import type { RequestHead } from '../head.js'
import type { ClientSocket } from './client-socket.js'
import { watchWrites } from './response.js'
import type { TakeoverArgs } from './stand-in.js'

/** A socket that `node:http` has let go of. */
export class NodeUpgrade implements Upgrade {
  readonly head: RequestHead
  status = 0
  readonly #socket: ClientSocket
  #bytesBefore = 0

  constructor(head: RequestHead, socket: ClientSocket) {
    this.head = head
    this.#socket = socket
  }

  get peer(): ClientSocket['peer'] {
    return this.#socket.peer
  }

  get bytes(): number {
    return this.#socket.bytesWritten - this.#bytesBefore
  }

  watch(onClose: () => void): void {
    this.#bytesBefore = this.#socket.bytesWritten
    watchWrites(this.#socket, chunk => {
      if (this.status === 0) this.status = statusIn(chunk)
    })
    this.#socket.once('close', onClose)
  }
}

/** The status of a status line at the beginning of what the application writes; 0 if there is none. */
function statusIn(chunk: unknown): number {
  const isBytes = chunk instanceof Uint8Array
  const start = isBytes ? Buffer.from(chunk.subarray(0, 12)).toString('latin1') : String(chunk).slice(0, 12)
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(start)?.[1] ?? 0)
}

/**
 * Serves a request as if it did not ask for an upgrade (RFC 9110, section 7.8). Node has let go of its connection, so
 * what the client has sent is read once more, without the field that asks.
 */
export function askAgain(server: Server, [req, stream, first]: TakeoverArgs): void {
  const { method, url, httpVersion, rawHeaders } = req
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  }
  stream.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), first]))
  server.emit('connection', stream)
}

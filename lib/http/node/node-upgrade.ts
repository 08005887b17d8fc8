import type { IncomingMessage } from 'node:http'
import type { Peer, Upgrade } from '../exchange.js'
import type { RequestHead } from '../head.js'
import { mountOf } from '../mount.js'
import type { HttpPolicy } from '../policy.js'
import type { ClientSocket } from './client-socket.js'
import { relay } from './client-view.js'
import { showBelow } from './mounted.js'
import { watchWrites } from './response.js'

/** A socket that `node:http` has let go of. */
export class NodeUpgrade implements Upgrade {
  readonly head: RequestHead
  peer: Peer
  status = 0
  readonly #socket: ClientSocket
  #bytesBefore = 0

  constructor(head: RequestHead, socket: ClientSocket) {
    this.head = head
    this.#socket = socket
    this.peer = socket.peer
  }

  /** From now on the connection speaks another protocol, with the client of this request. */
  begin(req: IncomingMessage, { forwardedSocket, rootPath }: HttpPolicy): void {
    this.#socket.upgraded = true
    showBelow(req, mountOf(this.peer, rootPath))
    if (forwardedSocket) relay(this.#socket, this.peer)
    this.#socket.peer = this.peer
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

/** Of node:http, not documented, but the same in all its versions. */
interface Parser {
  onIncoming?: ((req: IncomingMessage, ...others: unknown[]) => unknown) | null
}

/**
 * Lets `declines` decide before Node does which requests for an upgrade are plain ones. Those of HTTP/1.0 are, by
 * RFC 9110, section 7.8. (Node itself asks the application's server from 24 on.)
 */
export function siftUpgrades(
  { parser }: ClientSocket & { readonly parser?: Parser | null },
  declines: (req: IncomingMessage) => boolean,
): void {
  const { onIncoming } = parser ?? {}
  if (!parser || !onIncoming) return
  parser.onIncoming = (req, ...others) => {
    const isOffer = Reflect.get(req, 'upgrade') && req.method !== 'CONNECT'
    if (isOffer && (req.httpVersion === '1.0' || declines(req))) Reflect.set(req, 'upgrade', false)
    return onIncoming(req, ...others)
  }
}

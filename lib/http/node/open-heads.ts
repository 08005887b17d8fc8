import type { Server } from 'node:http'
import type { HttpPolicy } from '../policy.js'
import type { ClientSocket } from './client-socket.js'
import { sendersTo } from './http-server.js'

/** How often it looks, in milliseconds: what comes between two looks may go beyond the limit. */
const PAUSE = 100

/**
 * Bounds the memory of all heads that have begun and are not complete: each of them may be as long as the limits of
 * fields allow, 827 KB by default. While they take more, the largest is given up. node:http does not tell what it
 * holds, so the bytes that have come count.
 */
export class OpenHeads {
  readonly #server: Server
  readonly #limit: number
  readonly #refuse: (socket: ClientSocket) => void
  #timer: NodeJS.Timeout | undefined

  /** @param refuse  answers what stands before such a head, and refuses it */
  constructor(server: Server, { limitRequestHeads = 0 }: HttpPolicy, refuse: (socket: ClientSocket) => void) {
    this.#server = server
    this.#limit = limitRequestHeads
    this.#refuse = refuse
  }

  /** Looks from now on, for as long as there are connections. */
  watch(connections: { readonly size: number }): void {
    if (this.#limit === 0 || this.#timer) return
    this.#timer = setInterval(() => (connections.size > 0 ? this.#look() : this.#stop()), PAUSE).unref()
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    const heads: ClientSocket[] = []
    let left = this.#limit
    for (const socket of sendersTo(this.#server)) {
      const size = openHead(socket)
      if (size === 0) continue
      left -= size
      heads.push(socket)
    }
    if (left >= 0) return
    heads.sort((a, b) => openHead(b) - openHead(a))
    for (const socket of heads) {
      left += openHead(socket)
      socket.abandoned = true
      socket.pause()
      this.#refuse(socket)
      if (left >= 0) return
    }
  }
}

/** Bytes of a head that has begun and is not complete, if nothing else may have come since the last request. */
function openHead({ upgraded, refused, newest, bytesRead, headStart }: ClientSocket): number {
  const isWithinBody = upgraded || refused || newest?.req.complete === false
  return isWithinBody ? 0 : bytesRead - headStart
}

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Exchange } from '../http/exchange.js'
import { muzzle } from '../http/node/muzzle.js'
import { refuseRequest } from '../http/node/refuse.js'
import type { Refusal } from '../http/policy.js'
import type { WorkerParts } from './worker.js'

/** All that is done with a request besides deciding when it runs: hooks, application, access log, the answers given in its place. */
export class Service {
  readonly #parts: WorkerParts
  #finished = 0
  #isCut = false

  constructor(parts: WorkerParts) {
    this.#parts = parts
  }

  /** How many requests have ended. */
  get finishedRequests(): number {
    return this.#finished
  }

  connected(socket: Socket): void {
    this.#parts.access?.connected(socket)
  }

  /** The head of a request is there. */
  begin(exchange: Exchange): void {
    this.#parts.access?.begin(exchange)
  }

  /** Calls the application; a `preRequest` that throws is answered with 500 instead. */
  run(exchange: Exchange): void {
    if (this.#isCut) return
    const { hooks, self, gateway } = this.#parts
    if (!hooks.run('preRequest', self, exchange.req)) return refuseRequest(exchange.res, 500)
    gateway.handle(exchange)
  }

  /** A connection is handed to the application: one line for all that comes on it. */
  upgraded(req: IncomingMessage, socket: Socket): void {
    this.#parts.access?.upgraded(req, socket)
  }

  finish(exchange: Exchange): void {
    this.#finished++
    const { hooks, self, access, log } = this.#parts
    const { req, res, environ, refusal } = exchange
    if (refusal) log.debug({ status: refusal.status }, `Refused: ${refusal.why}`)
    hooks.run('postRequest', self, req, environ, res)
    access?.finished(exchange)
  }

  /** The engine has answered by itself. */
  refused(refusal: Refusal, socket: Socket, req?: IncomingMessage): void {
    this.#parts.log.debug({ status: refusal.status }, `Refused: ${refusal.why}`)
    this.#parts.access?.refused(refusal, socket, req)
  }

  /** Answers for an application that took too long: 504, or a cut connection where its head is out. */
  expire(exchange: Exchange, reason: string): void {
    const { res } = exchange
    exchange.isExpired = true
    if (res.headersSent) {
      res.destroy()
      muzzle(res)
    } else {
      refuseRequest(res, 504)
    }
    exchange.abort?.(new Error(reason))
  }

  /** The process ends. What is still under way is cut, and what waits is not begun; it has its line all the same. */
  cut(exchanges: Iterable<Exchange>): void {
    this.#isCut = true
    for (const exchange of exchanges) this.#parts.access?.finished(exchange)
  }
}

import type { Exchange, Peer } from '../http/exchange.js'
import type { RequestHead } from '../http/head.js'
import type { Refusal } from '../http/refusal.js'
import type { WorkerParts } from './parts.js'

/** Does with a request everything but decide when it runs: hooks, application, access log, refusals. */
export class Service {
  readonly #parts: WorkerParts
  readonly #hasPreRequest: boolean
  readonly #hasPostRequest: boolean
  #isCut = false

  constructor(parts: WorkerParts) {
    this.#parts = parts
    this.#hasPreRequest = parts.hooks.has('preRequest')
    this.#hasPostRequest = parts.hooks.has('postRequest')
  }

  /** Sends a static file, or calls the application. If `preRequest` throws, answers with 500 instead. */
  run(exchange: Exchange): void {
    if (this.#isCut) return
    const { hooks, self, files, application } = this.#parts
    if (this.#hasPreRequest && !hooks.run('preRequest', self, exchange.head)) return exchange.answer.refuse(500)
    if (!files?.serve(exchange)) application.gateway.handle(exchange)
  }

  finish(exchange: Exchange): void {
    const { hooks, self, access } = this.#parts
    const { head, environ, answer, refusal } = exchange
    if (refusal) this.#logRefusal(refusal)
    if (this.#hasPostRequest) hooks.run('postRequest', self, head, environ, answer)
    access?.finished(exchange)
  }

  /** The engine has answered by itself. */
  refused(refusal: Refusal, peer: Peer, head?: RequestHead): void {
    this.#logRefusal(refusal)
    this.#parts.access?.refused(refusal, peer, head)
  }

  refuse(exchange: Exchange, refusal: Refusal): void {
    exchange.refusal = refusal
    exchange.answer.refuse(refusal.status)
  }

  /** Answers in place of an application that takes too long: 504, or a cut connection if its head is out. */
  expire(exchange: Exchange, reason: string): void {
    const { answer } = exchange
    exchange.isExpired = true
    if (answer.headSent) answer.cut()
    else answer.refuse(504)
    exchange.abort?.(new Error(reason))
  }

  /** The process ends: waiting requests never run, and running ones are cut. Each has its line in the access log. */
  cut(exchanges: Iterable<Exchange>): void {
    this.#isCut = true
    for (const exchange of exchanges) this.#parts.access?.finished(exchange)
  }

  #logRefusal({ status, why }: Refusal): void {
    this.#parts.log.debug({ status }, `Refused: ${why}`)
  }
}

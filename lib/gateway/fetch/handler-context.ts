import type { Exchange } from '../../http/exchange.js'
import type { RequestBody } from './request-body.js'
import type { FetchContext } from './types.js'

/** What a handler's `Request` and context know of the call that they belong to. */
export interface HandlerCall {
  readonly exchange: Exchange
  readonly body: RequestBody | undefined
  readonly signal: AbortSignal
  readonly context: FetchContext
  /** Keeps the worker from ending before `promise` settles. */
  keep(promise: PromiseLike<unknown>): void
}

/** The context of one call. Costs next to nothing, since it looks its values up only when the handler asks for them. */
export class HandlerContext implements FetchContext {
  readonly #call: HandlerCall
  #waitUntil: FetchContext['waitUntil'] | undefined

  constructor(call: HandlerCall) {
    this.#call = call
  }

  get incoming(): FetchContext['incoming'] {
    return nodeObjects(this.#call.exchange).req
  }

  get outgoing(): FetchContext['outgoing'] {
    return nodeObjects(this.#call.exchange).res
  }

  get remoteAddress(): string | undefined {
    return this.#call.exchange.peer.address || undefined
  }

  get remotePort(): number | undefined {
    return this.#call.exchange.peer.port
  }

  get remoteAddr(): FetchContext['remoteAddr'] {
    const { remoteAddress, remotePort } = this
    if (remoteAddress === undefined) return { transport: 'unix', hostname: '', port: 0 }
    return { transport: 'tcp', hostname: remoteAddress, port: remotePort ?? 0 }
  }

  requestIP(): ReturnType<FetchContext['requestIP']> {
    const { address, port = 0, family } = this.#call.exchange.peer
    return address === '' ? null : { address, port, family }
  }

  /** Bound, since handlers pass it on as a function. */
  get waitUntil(): FetchContext['waitUntil'] {
    this.#waitUntil ??= promise => this.#call.keep(promise)
    return this.#waitUntil
  }

  passThroughOnException(): void {}

  get props(): FetchContext['props'] {
    return {}
  }
}

function nodeObjects({ node }: Exchange): NonNullable<Exchange['node']> {
  if (node) return node
  throw new TypeError('the HTTP engine of this server has no request and response of node:http')
}

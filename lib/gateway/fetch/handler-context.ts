import type { Exchange } from '../../http/exchange.js'
import type { RequestBody } from './request-body.js'
import type { FetchContext } from './types.js'

/** What a handler's `Request` and context know of the call that they belong to. */
export interface HandlerCall {
  readonly exchange: Exchange
  readonly body: RequestBody | undefined
  readonly signal: AbortSignal
  readonly context: FetchContext
  readonly rootPath: string
  /** Keeps the worker from ending before `promise` settles. */
  keep(promise: PromiseLike<unknown>): void
}

/** The context of one call. Costs next to nothing, since it looks its values up only when the handler asks for them. */
export class HandlerContext implements FetchContext {
  readonly #call: HandlerCall
  #incoming: FetchContext['incoming'] | undefined
  #waitUntil: FetchContext['waitUntil'] | undefined

  constructor(call: HandlerCall) {
    this.#call = call
  }

  get incoming(): FetchContext['incoming'] {
    const { exchange } = this.#call
    this.#incoming ??= exchange.node?.req ?? incomingOf(exchange)
    return this.#incoming
  }

  get outgoing(): FetchContext['outgoing'] {
    const { node } = this.#call.exchange
    if (node) return node.res
    throw new TypeError(
      'context.outgoing is a response of node:http, which the native engine has not: say --http-engine node',
    )
  }

  get rootPath(): string {
    return this.#call.rootPath
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

function incomingOf({ head, peer }: Exchange): FetchContext['incoming'] {
  const { method, url, httpVersion, fields } = head
  return { method, url, httpVersion, headers: head.headers, rawHeaders: [...fields], socket: peer.socket ?? {} }
}

import type { Exchange } from '../../http/exchange.js'
import type { FetchContext } from './types.js'

/** Keeps the promises that a handler does not wait for. */
export interface Keeper {
  readonly exchange: Exchange
  keep(promise: PromiseLike<unknown>): void
}

/** Costs next to nothing: its values are looked up when they are asked for. */
export class CallContext implements FetchContext {
  readonly #keeper: Keeper
  #waitUntil: FetchContext['waitUntil'] | undefined

  constructor(keeper: Keeper) {
    this.#keeper = keeper
  }

  get incoming(): FetchContext['incoming'] {
    return nodeObjects(this.#keeper.exchange).req
  }

  get outgoing(): FetchContext['outgoing'] {
    return nodeObjects(this.#keeper.exchange).res
  }

  get remoteAddress(): string | undefined {
    return this.#keeper.exchange.peer.address || undefined
  }

  get remotePort(): number | undefined {
    return this.#keeper.exchange.peer.port
  }

  get remoteAddr(): FetchContext['remoteAddr'] {
    const { remoteAddress, remotePort } = this
    if (remoteAddress === undefined) return { transport: 'unix', hostname: '', port: 0 }
    return { transport: 'tcp', hostname: remoteAddress, port: remotePort ?? 0 }
  }

  requestIP(): ReturnType<FetchContext['requestIP']> {
    const { address, port = 0, family } = this.#keeper.exchange.peer
    return address === '' ? null : { address, port, family }
  }

  /** Bound, since it is passed on as a function. */
  get waitUntil(): FetchContext['waitUntil'] {
    this.#waitUntil ??= promise => this.#keeper.keep(promise)
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

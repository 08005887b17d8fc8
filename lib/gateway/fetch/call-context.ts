import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from '../../http/exchange.js'
import type { FetchContext } from './types.js'

/** Who keeps the promises that a handler does not wait for. */
export interface Keeper {
  readonly exchange: Exchange
  keep(promise: PromiseLike<unknown>): void
}

/** Costs nothing but itself: what is in it is looked up when it is wanted. */
export class CallContext implements FetchContext {
  readonly #keeper: Keeper
  #waitUntil: FetchContext['waitUntil'] | undefined

  constructor(keeper: Keeper) {
    this.#keeper = keeper
  }

  get incoming(): IncomingMessage {
    return this.#keeper.exchange.req
  }

  get outgoing(): ServerResponse {
    return this.#keeper.exchange.res
  }

  get remoteAddress(): string | undefined {
    return this.incoming.socket.remoteAddress
  }

  get remotePort(): number | undefined {
    return this.incoming.socket.remotePort
  }

  get remoteAddr(): FetchContext['remoteAddr'] {
    const { remoteAddress, remotePort } = this
    if (remoteAddress === undefined) return { transport: 'unix', hostname: '', port: 0 }
    return { transport: 'tcp', hostname: remoteAddress, port: remotePort ?? 0 }
  }

  requestIP(): ReturnType<FetchContext['requestIP']> {
    const { remoteAddress: address, remotePort: port = 0, remoteFamily } = this.incoming.socket
    return address === undefined ? null : { address, port, family: remoteFamily === 'IPv6' ? 'IPv6' : 'IPv4' }
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

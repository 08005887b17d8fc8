import { urlHost } from '../../sys/ip-family.js'
import type { LocalAddress } from '../engine.js'
import type { Peer } from '../exchange.js'
import type { Security } from '../security.js'
import type { EndPoint, Transport } from './transport.js'

/** The two ends of a connection; the kernel is asked for an address when it is first wanted. */
export class NativePeer implements Peer {
  readonly told = undefined
  isTrusted: boolean | undefined = undefined
  readonly #transport: Transport
  readonly #listener: LocalAddress | undefined
  #remote: EndPoint | null | undefined = undefined
  #local: EndPoint | null | undefined = undefined
  #port: string | undefined = undefined

  /** @param listener  where the server listens, if known */
  constructor(transport: Transport, listener: LocalAddress | undefined) {
    this.#transport = transport
    this.#listener = listener
  }

  get isUnix(): boolean {
    return this.#listener !== undefined && this.#listener.port === undefined
  }

  get scheme(): 'http' | 'https' {
    return this.security ? 'https' : 'http'
  }

  get security(): Security | undefined {
    return this.#transport.security
  }

  get address(): string {
    return this.remoteAddress ?? ''
  }

  get port(): number | undefined {
    return this.remotePort
  }

  get family(): 'IPv4' | 'IPv6' {
    return this.remoteFamily ?? 'IPv4'
  }

  get serverName(): string {
    return (this.#listener ? this.#listener.host : this.localAddress) ?? ''
  }

  get serverPort(): string {
    this.#port ??= String((this.#listener ? this.#listener.port : this.localPort) ?? '')
    return this.#port
  }

  get authority(): string {
    const local = this.#localEnd()
    if (!local) return 'localhost'
    return `${urlHost(local.address)}:${local.port}`
  }

  /** It has the addresses of a socket, by the same names. */
  get socket(): this {
    return this
  }

  get remoteAddress(): string | undefined {
    return this.#remoteEnd()?.address
  }

  get remotePort(): number | undefined {
    return this.#remoteEnd()?.port
  }

  get remoteFamily(): 'IPv4' | 'IPv6' | undefined {
    return this.#remoteEnd()?.family
  }

  get localAddress(): string | undefined {
    return this.#localEnd()?.address
  }

  get localPort(): number | undefined {
    return this.#localEnd()?.port
  }

  get localFamily(): 'IPv4' | 'IPv6' | undefined {
    return this.#localEnd()?.family
  }

  toJSON(): string {
    return `[socket ${this.address}]`
  }

  #remoteEnd(): EndPoint | null {
    this.#remote ??= this.#transport.remote() ?? null
    return this.#remote
  }

  #localEnd(): EndPoint | null {
    this.#local ??= this.#transport.local() ?? null
    return this.#local
  }
}

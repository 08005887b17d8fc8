import type { Destination } from '../exchange.js'
import type { Hop } from '../proxies/hop.js'

/** What a PROXY header tells of its connection (HAProxy's proxy-protocol.txt, versions 1 and 2). */
export interface ProxyHeader {
  /** Bytes of the header. */
  readonly size: number
  /** The proxy speaks for itself, to check this server's health for example: nothing else is told. */
  readonly isLocal?: boolean
  /** Undefined if the proxy does not know the client, or may not tell its address. */
  readonly client?: Hop
  /** The client speaks TLS with the proxy. */
  readonly isSecure?: boolean
  readonly destination?: Destination
  /** More variables of the environ. */
  readonly variables?: Readonly<Record<string, string>>
}

/** A header that is none. The text says what is wrong with it. */
export type Malformed = string

/** What is told of both ends. */
export interface Ends {
  readonly protocol: string
  readonly source: { readonly address: string; readonly port: number }
  readonly destination: { readonly address: string; readonly port: number }
}

export function destinationOf({ protocol, destination }: Ends): Destination {
  return { PROXY_PROTOCOL: protocol, PROXY_ADDR: destination.address, PROXY_PORT: String(destination.port) }
}

import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ClientHandle } from '../listeners/server-handle.js'
import type { Tls } from '../tls/material.js'
import type { Connection, Exchange, Peer, Upgrade } from './exchange.js'
import type { RequestHead } from './head.js'
import type { HttpPolicy } from './policy.js'
import type { Refusal } from './refusal.js'

/** Where a listener is bound; a unix socket has neither host nor port. */
export interface LocalAddress {
  /** Its connections are TLS. */
  readonly tls?: boolean
  readonly host?: string
  readonly port?: number
}

/** A connection behind its TLS handshake: its socket, and what is below that. */
export interface SecuredClient {
  readonly socket: TLSSocket
  readonly raw: Socket
  readonly handle: ClientHandle
  /** In place of the connection's own peer, the one that a proxy has told of before the handshake. */
  relayed?(peer: Peer): Peer
}

/** An accepted connection, as an engine gets it. */
export type Accepted = ClientHandle | SecuredClient

/** How a client ends HTTP on its connection (RFC 9110, sections 7.8 and 9.3.6). */
export type Takeover = 'upgrade' | 'connect'

/** What an engine reports to the worker. Each `request` is followed by one `finished`, however it ends. */
export interface HttpEvents {
  /** A request head is complete and within the limits. */
  request(exchange: Exchange, connection: Connection): void
  finished(exchange: Exchange, connection: Connection): void
  /** A request that ends HTTP on its connection is about to be handed to the application. */
  upgraded(upgrade: Upgrade, connection: Connection): void
  disconnected(connection: Connection): void
  /** The engine answered by itself: to bytes that are no request, or to a head beyond the limits. */
  refused(refusal: Refusal, peer: Peer, head?: RequestHead): void
  /** Something in the engine has failed, and it has closed the connection in which that happened. */
  failed(error: unknown): void
}

/** Requests under way, oldest first. */
export type Requests = Iterable<Exchange> & { readonly size: number; readonly first: Exchange | undefined }

/** An HTTP server on accepted connections. It never listens: the worker hands connections in. */
export interface Engine {
  readonly exchanges: Requests
  /** Open connections, upgraded ones among them. */
  readonly connections: number
  /** Open connections that have left HTTP. */
  readonly upgraded: number
  /** @param local  the listener that the connection came by */
  accept(client: Accepted, local?: LocalAddress): Connection
  /** Reports connections to an application's own server, which never listens, and hands it those that leave HTTP. */
  standInFor(server: EventEmitter, takeovers: readonly Takeover[]): void
  /** From now on each response is the last of its connection, and says so. */
  lastResponses(): void
  /**
   * The next response on a connection that was served before is its last, and says so. It concerns one connection, and
   * none that has left HTTP. A further call before that changes nothing.
   */
  letOneGo(): void
  /** Closes connections that were served before and wait for a next request. */
  closeIdle(): void
  /** Closes connections without a request that were accepted, or last answered, at least `age` milliseconds ago. */
  closeQuiet(age: number): void
  /**
   * Closes the connection that has waited longest for a request, unless one arrives in this turn of the event loop. One
   * that was accepted or answered only a moment ago stays: its client may be about to send.
   * @returns whether there is one
   */
  closeIdlest(): boolean
  /** Has new connections use other certificates, or keys of tickets. Absent without TLS. @throws if it cannot */
  renew?(tls: Tls): Promise<void>
  /** Cuts every connection and ends the engine. */
  destroy(): void
}

export type CreateEngine = (policy: HttpPolicy, events: HttpEvents) => Engine

export function isSecured(client: Accepted): client is SecuredClient {
  return 'socket' in client
}

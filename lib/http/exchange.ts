import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Linked } from '../sys/linked-list.js'
import type { RequestHead } from './head.js'
import type { NodeObjects } from './node/types.js'
import type { Refusal } from './refusal.js'
import type { Security } from './security.js'

/**
 * One request and its response, from a complete request head to the end of the response. Worker, gateway, access log
 * and hooks see this and never the engine's own objects.
 */
export interface Exchange extends Linked<Exchange> {
  readonly head: RequestHead
  /** That of its connection, or who trusted proxies say has sent it. */
  readonly peer: Peer
  /** Replaced by an `Upload` if the body is received before the application runs. */
  body: BodySource
  readonly answer: Answer
  /** `performance.now()` when the head was complete, in milliseconds. */
  readonly startedAt: number
  /** Node's own request and response, for the node interface; absent if the engine has none. */
  readonly node?: NodeObjects | undefined
  /** The environ of a wsgi application, for `postRequest` and the access log. */
  environ: Readonly<Record<string, unknown>> | undefined
  /** The request ran for longer than `requestTimeout`. */
  isExpired: boolean
  /** Why the server answered in place of the application: a malformed body, or a WebSocket that cannot be served. */
  refusal: Refusal | undefined
  /** Tells the application that its answer is no longer wanted. The gateway sets it if the application can be told. */
  abort: ((reason: Error) => void) | undefined
  /**
   * Called when the application is done with the request, though its client may not have taken the answer yet. The
   * admission sets it if another request may run then; interfaces of which nothing tells do not call it.
   */
  release: (() => void) | undefined
  /** The server waits for the client: for more of the body, or until more of the answer is taken. */
  readonly awaitsClient: boolean
  /** Calls `run` when all earlier requests of the connection are answered; never if the connection ends before. */
  inTurn(run: (exchange: Exchange) => void): void
}

/** The two ends of a connection. */
export interface Peer {
  readonly scheme: 'http' | 'https'
  /** Its word of other clients counts, since it is a trusted proxy; undefined before that was looked at. */
  isTrusted?: boolean | undefined
  /** It is connected by a unix socket. */
  readonly isUnix: boolean
  /** What trusted proxies tell beside the client. */
  readonly told?: Told | undefined
  /** TLS of the connection; undefined if it has none. */
  readonly security?: Security | undefined
  /** The client's address; empty on a unix socket. */
  readonly address: string
  /** The client's port; undefined on a unix socket. */
  readonly port: number | undefined
  readonly family: 'IPv4' | 'IPv6'
  /** Where the server listens, as bound; both are empty on a unix socket. */
  readonly serverName: string
  readonly serverPort: string
  /** This end as the authority of a URL (`127.0.0.1:8000`, `[::1]:80`), or `localhost` on a unix socket. */
  readonly authority: string
  /** The addresses of both ends by the names that a socket has, or the socket itself if the engine has one. */
  readonly socket?: SocketAddresses | undefined
}

/** What trusted proxies tell of a request, beside its client. */
export interface Told {
  /** What the client calls the server, as in a Host field. */
  readonly host?: string
  readonly serverName?: string
  readonly serverPort?: string
  /** The path at which the application is mounted, without a slash at its end. */
  readonly mount?: string
  readonly destination?: Destination
  /** More variables of the environ. */
  readonly variables?: Readonly<Record<string, string>>
}

/** To what a client has connected, by a PROXY header: variables of the environ, by Gunicorn's names. */
export interface Destination {
  readonly PROXY_PROTOCOL: string
  readonly PROXY_ADDR: string
  readonly PROXY_PORT: string
}

export type SocketAddresses = Partial<
  Pick<Socket, 'remoteAddress' | 'remotePort' | 'remoteFamily' | 'localAddress' | 'localPort' | 'localFamily'>
>

/** An accepted connection, as the worker sees it. */
export interface Connection {
  readonly peer: Peer
  /** The connection is closed. */
  readonly isGone: boolean
  /** Its client has to do a handshake of TLS before it can ask for something. */
  readonly isInHandshake?: boolean
  /** A number that the worker's admission keeps here: a field costs less than a table beside the connections. */
  mark: number
  /** The one that the worker knows in its place, if TLS stands in front of its engine. */
  outer?: Connection | undefined
}

/** A connection that leaves HTTP: for a WebSocket, or a tunnel. */
export interface Upgrade {
  /** Of the request that asked for it. */
  readonly head: RequestHead
  readonly peer: Peer
  /** The status and the bytes that the application has sent since `watch`; 0 if it has sent none. */
  readonly status: number
  readonly bytes: number
  /** @param onClose  called once, when the connection is closed */
  watch(onClose: () => void): void
}

/**
 * The body of a request. Nothing is read from the connection until the application asks, so that a slow application
 * slows its client down. The first read sends `100 Continue` if the client waits for it (RFC 9110, section 10.1.1).
 */
export interface BodySource {
  /** Bytes that the body may have (`limitRequestBody`); 0 for any number. */
  readonly limit: number
  /** The whole body has arrived, read or not. */
  readonly complete: boolean
  /** Bytes of a body that was received before the application ran, whatever its coding was. */
  readonly size?: number
  /** The next chunk if it is here: null at the end, undefined if it is not. Absent if the engine cannot tell. */
  take?(): Buffer | null | undefined
  /** The next chunk, null at the end. @throws ClientGone if the body ends too early, BodyTooLarge beyond the limit */
  next(): Promise<Buffer | null>
  /** The whole body as the engine's own stream; undefined if something was read, or if there is a limit. */
  stream(): Readable | undefined
}

/** Status and header fields of a response, checked. */
export interface ResponseHead {
  readonly status: { readonly code: number; readonly reason: string }
  /** Names and values in turn. */
  readonly fields: string[]
  /** Bytes of the body, -1 if the fields do not tell. */
  readonly contentLength: number
  /** All characters are ASCII. */
  readonly ascii: boolean
}

/**
 * The response to one request. The engine frames it (RFC 9112, section 6) and decides what becomes of the connection:
 * whether it is kept, and what is done with a request body that was not read.
 */
export interface Answer {
  /** The head was given to `begin`, or a refusal stands in its place: only before that can there be a refusal. */
  readonly headSent: boolean
  /** Status and reason of the head that was sent; 0 before that. */
  readonly statusCode: number
  readonly reason: string
  /** Bytes of the body handed over since `countBytes`; 0 for a response without a body (RFC 9110, section 6.4.1). */
  readonly bytes: number
  /** The response was ended, or refused; its last bytes may still be on their way. */
  readonly ended: boolean
  /** All of it was given to the kernel. */
  readonly finished: boolean
  /** Nothing can be sent any more: the response is over, or its connection is closed or was cut. Ask before a write. */
  readonly gone: boolean
  /** The connection stays open for another request. */
  readonly keepsConnection: boolean
  /** A header field as it was sent, by its name in lower case. */
  field(name: string): string | undefined
  /** Sends `103 Early Hints` (RFC 8297). @throws TypeError if a value of `link` is no link */
  hint(fields: Readonly<Record<string, string | string[]>>): void
  /**
   * Sends the head, together with the first bytes of the body.
   * @param size  bytes of the body if all of it is there, else -1. Such a body leaves together, at the end; if it is
   * shorter than the announced length, the connection closes
   */
  begin(head: ResponseHead, size: number): void
  /** @returns false if the client is slow: wait for `drained` */
  write(chunk: Uint8Array | string): boolean
  /** Sends the head without the first bytes of the body, which will take their time. */
  flush(): void
  end(chunk?: Uint8Array | string): void
  /** Ends the connection instead of the response, whose body is shorter than its Content-Length. */
  endShort(): void
  /** Ends the connection so that the client cannot take the response for complete; seals it, as `refuse` does. */
  cut(): void
  /** Answers in place of the application, before its head is sent, and closes. What it still does is ignored. */
  refuse(status: number): void
  /** Resolves when the client has taken what was sent, or the response is over; in a later turn of the event loop. */
  drained(): Promise<void>
  /** Counts the bytes of the body. To be called before the application is. */
  countBytes(): void
  /** Calls `listener` once, when the response is over, sent or not. */
  onClose(listener: () => void): void
}

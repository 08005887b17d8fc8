import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SocketAddresses } from '../../http/exchange.js'

/** The head of a request by the names of node:http, and the addresses of its connection. */
export interface Incoming extends Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'headers' | 'rawHeaders'> {
  readonly socket: SocketAddresses
}

/** Where a request comes from, and what else of the server its handler may use. */
export interface FetchContext {
  /** For helpers that were written for Node: its own object with `--http-engine node`, else no more than this. */
  readonly incoming: Incoming
  /** Node's own object. @throws TypeError if the engine is not that on node:http */
  readonly outgoing: ServerResponse
  /** The path at which the application is mounted, which `request.url` is without; empty if it has none. */
  readonly rootPath: string
  /** The address of the peer; undefined on a unix socket. */
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  /** The same in the form that Deno has. */
  readonly remoteAddr: { readonly transport: 'tcp' | 'unix'; readonly hostname: string; readonly port: number }
  /** The same in the form that Bun has; null on a unix socket. */
  requestIP(): { address: string; family: 'IPv4' | 'IPv6'; port: number } | null
  /** Keeps the worker from exiting before `promise` settles, up to its graceful timeout. A rejection is logged. */
  readonly waitUntil: (promise: PromiseLike<unknown>) => void
  /** This and `props` are for handlers that were written for Cloudflare. It does nothing, and `props` is empty. */
  passThroughOnException(): void
  readonly props: Readonly<Record<string, unknown>>
}

/**
 * Answers a request (Fetch Standard, "Request" and "Response").
 * @param executionContext  the same as `context`, since Hono and Cloudflare look for `waitUntil` in a third argument
 */
export type FetchHandler = (
  request: Request,
  context: FetchContext,
  executionContext: FetchContext,
) => Response | PromiseLike<Response>

/** What Hono, h3 and modules with the default export `{ fetch }` have in common. */
export interface FetchApplication {
  fetch(...args: Parameters<FetchHandler>): ReturnType<FetchHandler>
}

import type { IncomingMessage, ServerResponse } from 'node:http'

/** Where a request came from, and what else of the server its handler may use. */
export interface FetchContext {
  /** What `node:http` has of the request and its response: for helpers that were written for Node. */
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** The peer; undefined on a unix socket. */
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  /** The same as Deno has it. */
  readonly remoteAddr: { readonly transport: 'tcp' | 'unix'; readonly hostname: string; readonly port: number }
  /** The same as Bun has it; null on a unix socket. */
  requestIP(): { address: string; family: 'IPv4' | 'IPv6'; port: number } | null
  /** The worker does not exit before `promise` has settled, within its graceful timeout; a rejection is logged. */
  readonly waitUntil: (promise: PromiseLike<unknown>) => void
  /** Handlers for Cloudflare may call the one and look into the other: there is nothing to pass through to, and nothing in it. */
  passThroughOnException(): void
  readonly props: Readonly<Record<string, unknown>>
}

/**
 * Answers a request (Fetch Standard, "Request" and "Response").
 * @param context  comes twice, since Hono and Cloudflare look for `waitUntil` in a third argument
 */
export type FetchHandler = (
  request: Request,
  context: FetchContext,
  executionContext: FetchContext,
) => Response | PromiseLike<Response>

/** What Hono, h3, and modules that export `{ fetch }` by default have in common. */
export interface FetchApplication {
  fetch(...args: Parameters<FetchHandler>): ReturnType<FetchHandler>
}

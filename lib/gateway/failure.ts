import type { Exchange } from '../http/exchange.js'
import { pathOf } from '../http/path-of.js'

/** The request body grew beyond limitRequestBody; unhandled by the application it is answered with 413. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
  readonly status = 413

  constructor(limit: number) {
    super(`the request body is larger than ${limit} bytes (limitRequestBody)`)
  }
}

/** The client closed the connection before it had sent the whole body, or received the whole response. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
  readonly code = 'ECONNRESET'
}

/** The application broke its contract with the server. */
export class ApplicationBreach extends Error {
  override readonly name = 'ApplicationBreach'
}

/** Which request a log line is about. Neither headers nor the query are in it: both carry secrets. */
export function requestFacts({ req }: Exchange): { method: string; path: string; remote: string } {
  return { method: req.method ?? '', path: pathOf(req), remote: req.socket.remoteAddress ?? '' }
}

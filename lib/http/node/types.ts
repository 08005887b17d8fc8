import type { IncomingMessage, ServerResponse } from 'node:http'

export { STATUS_CODES } from 'node:http'

/** What the node interface hands to the application, and must know of the request to call the right listeners. */
export interface NodeObjects {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /**
   * The client waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1), or expects something else
   * that the application listens for.
   */
  readonly expects: 'continue' | 'other' | undefined
}

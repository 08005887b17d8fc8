import type { IncomingMessage, ServerResponse } from 'node:http'

export { STATUS_CODES } from 'node:http'

/** What the node interface hands to the application, and must know of the request to call the right listeners. */
export interface NodeObjects {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** The client sends the body after `100 Continue` (RFC 9110, section 10.1.1), or expects something else. */
  readonly expects: 'continue' | 'other' | undefined
}

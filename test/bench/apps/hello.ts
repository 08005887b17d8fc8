import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Application } from '../../../lib/gateway/wsgi/types.js'

/** The same small answer through each interface. */
const BODY = 'Hello, world!'

export function handler(_req: IncomingMessage, res: ServerResponse): void {
  res.setHeader('Content-Length', 13)
  res.end(BODY)
}

export const application: Application = (_environ, startResponse) => {
  startResponse('200 OK', [['Content-Length', '13']])
  return [BODY]
}

export function respond(): Response {
  return new Response(BODY)
}

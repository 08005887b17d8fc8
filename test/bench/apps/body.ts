import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Application } from '../../../lib/gateway/wsgi/types.js'

/** An answer of 16 KB from memory, through each interface. */
const BODY = Buffer.alloc(16_384, 'x')
const LENGTH = String(BODY.length)

export function handler(_req: IncomingMessage, res: ServerResponse): void {
  res.setHeader('Content-Length', LENGTH)
  res.end(BODY)
}

export const application: Application = (_environ, startResponse) => {
  startResponse('200 OK', [['Content-Length', LENGTH]])
  return [BODY]
}

export function respond(): Response {
  return new Response(BODY)
}

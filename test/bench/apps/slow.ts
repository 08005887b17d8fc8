import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Application } from '../../../lib/gateway/wsgi/types.js'

/** `/large` has 1 MB; the body of a POST is read whole; all else is small. */
const SMALL = Buffer.from('Hello, world!')
const LARGE = Buffer.alloc(1_000_000, 'x')

export function handler(req: IncomingMessage, res: ServerResponse): void {
  const body = req.url === '/large' ? LARGE : SMALL
  res.setHeader('Content-Length', body.length)
  req.resume().on('end', () => res.end(body))
}

export const application: Application = async (environ, startResponse) => {
  if (environ.REQUEST_METHOD === 'POST') await environ['wsgi.input'].read()
  const body = environ.PATH_INFO === '/large' ? LARGE : SMALL
  startResponse('200 OK', [['Content-Length', String(body.length)]])
  return [body]
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Application } from '../../../lib/gateway/wsgi/types.js'

/** Reads the request's body whole and answers with its length, through each interface. */
export function handler(req: IncomingMessage, res: ServerResponse): void {
  const parts: Buffer[] = []
  req.on('data', (part: Buffer) => parts.push(part))
  req.on('end', () => {
    const body = String(Buffer.concat(parts).length)
    res.setHeader('Content-Length', body.length)
    res.end(body)
  })
}

export const application: Application = async (environ, startResponse) => {
  const body = String((await environ['wsgi.input'].read()).length)
  startResponse('200 OK', [['Content-Length', String(body.length)]])
  return [body]
}

export async function respond(request: Request): Promise<Response> {
  return new Response(String((await request.arrayBuffer()).byteLength))
}

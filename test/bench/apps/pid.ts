import type { IncomingMessage, ServerResponse } from 'node:http'

/** Says which worker answers, in one line. */
export function handler(_req: IncomingMessage, res: ServerResponse): void {
  const body = `${process.pid}\n`
  res.setHeader('Content-Length', body.length)
  res.end(body)
}

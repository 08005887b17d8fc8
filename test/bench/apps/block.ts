import type { IncomingMessage, ServerResponse } from 'node:http'

const cell = new Int32Array(new SharedArrayBuffer(4))

/**
 * `/100` holds the event loop for 100 ms, and then says which worker answers, in one line. It waits instead of
 * computing, so that many workers can block on few cores.
 */
export function handler(req: IncomingMessage, res: ServerResponse): void {
  const milliseconds = Number((req.url ?? '').slice(1))
  if (milliseconds > 0) Atomics.wait(cell, 0, 0, milliseconds)
  const body = `${process.pid}\n`
  res.setHeader('Content-Length', body.length)
  res.end(body)
}

import type { IncomingMessage, ServerResponse } from 'node:http'

const cell = new Int32Array(new SharedArrayBuffer(4))

/**
 * `/100` holds the event loop for 100 ms and then answers. It waits instead of computing, so that many workers can
 * block on few cores.
 */
export function handler(req: IncomingMessage, res: ServerResponse): void {
  Atomics.wait(cell, 0, 0, Number((req.url ?? '').slice(1)))
  res.setHeader('Content-Length', 3)
  res.end('ok\n')
}

import type { IncomingMessage, ServerResponse } from 'node:http'

/** `/1500` computes for 1500 ms in a loop, and then answers. */
export function handler(req: IncomingMessage, res: ServerResponse): void {
  const rounds = spin(Number((req.url ?? '').slice(1)))
  res.end(`${rounds}\n`)
}

function spin(milliseconds: number): number {
  let rounds = 0
  for (const end = Date.now() + milliseconds; Date.now() < end; ) rounds++
  return rounds
}

import type { Exchange } from '../http/exchange.js'

/** The application broke its contract with the server. */
export class ApplicationBreach extends Error {
  override readonly name = 'ApplicationBreach'
}

/** Which request a log line is about. Neither headers nor the query are in it: both carry secrets. */
export function requestFacts({ head, peer }: Exchange): { method: string; path: string; remote: string } {
  return { method: head.method, path: head.path, remote: peer.address }
}

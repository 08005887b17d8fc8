import type { Exchange } from '../http/exchange.js'

/** Thrown if the application breaks its contract with the server. */
export class ApplicationBreach extends Error {
  override readonly name = 'ApplicationBreach'
}

/** The fields by which a log line names its request. Headers and the query are left out, since both carry secrets. */
export function requestFacts({ head, peer }: Pick<Exchange, 'head' | 'peer'>): {
  method: string
  path: string
  remote: string
} {
  return { method: head.method, path: head.path, remote: peer.address }
}

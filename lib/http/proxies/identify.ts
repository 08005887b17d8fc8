import type { Peer } from '../exchange.js'
import type { RequestHead } from '../head.js'
import type { HttpPolicy } from '../policy.js'
import type { Refusal } from '../refusal.js'

/**
 * Gives a request the peer that trusted proxies tell of.
 * @returns why it cannot be served, if they contradict each other or what they say is malformed
 */
export function identify(
  request: { readonly head: RequestHead; peer: Peer },
  { proxies }: HttpPolicy,
): Refusal | undefined {
  if (proxies === undefined) return undefined
  const { peer } = request
  const found = proxies.peerOf(request.head, peer)
  if ('status' in found) return found
  if (found !== peer) request.peer = found
  return undefined
}

import type { Peer } from '../exchange.js'
import { checkExpect, checkRoute } from '../head-rules.js'
import { checkBodySize, checkLimits, type HttpPolicy } from '../policy.js'
import { identify } from '../proxies/identify.js'
import type { Refusal } from '../refusal.js'
import type { Http2Head } from './head.js'

/** Checks a request whose frames and fields nghttp2 takes for good ones. */
export function checkRequest(
  request: { readonly head: Http2Head; peer: Peer },
  policy: HttpPolicy,
): Refusal | undefined {
  const { head } = request
  return (
    head.fault ??
    checkExpect(head) ??
    checkLimits(head, policy) ??
    (head.hostField ? checkRoute(head) : { status: 400, why: 'no :authority and no Host' }) ??
    checkBodySize(Number(head.contentLength ?? 0), policy) ??
    identify(request, policy)
  )
}

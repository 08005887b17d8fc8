import { METHODS } from 'node:http'
import { elementsOf } from '../elements.js'
import type { Peer } from '../exchange.js'
import type { RequestHead } from '../head.js'
import { checkExpect } from '../head-rules.js'
import { checkHead, type HttpPolicy } from '../policy.js'
import { identify } from '../proxies/identify.js'
import type { Refusal } from '../refusal.js'
import type { NodeObjects } from './types.js'

// What is wrong with a request that the parser of node:http takes for a good one.

/** Its peer is replaced if a trusted proxy tells of another one. */
interface Request {
  readonly head: RequestHead
  peer: Peer
}

/**
 * @param isOwn  whether the application itself answers other expectations than 100-continue, as under plain Node
 */
export function checkRequest(
  request: Request & Pick<NodeObjects, 'expects'>,
  policy: HttpPolicy,
  isOwn: () => boolean,
): Refusal | undefined {
  const { head, expects } = request
  const isAsked = expects === 'continue' || (expects === 'other' && !isOwn())
  return (isAsked ? checkExpect(head) : undefined) ?? checkTaken(request, policy)
}

/** Requests that may wait for their answers on one connection. node:http reads on while they do. */
const MOST_WAITING = 1000

/** @param waiting  requests that the connection has under way. Status as in RFC 6585, section 4 */
export function checkNumber(waiting: number): Refusal | undefined {
  return waiting < MOST_WAITING ? undefined : { status: 429, why: `${waiting} requests wait on one connection` }
}

/** The same for a request that ends HTTP on its connection. */
export function checkTaken(request: Request, policy: HttpPolicy): Refusal | undefined {
  return checkProtocol(request.head) ?? checkHead(request.head, policy) ?? identify(request, policy)
}

const HTTP = new Set(METHODS)

/**
 * Refuses requests of RTSP and ICE (RFC 9112, section 2.3). The parser takes their versions for those of HTTP and does
 * not say so. It takes their methods with these versions only, so what the method tells is refused.
 */
function checkProtocol({ method, httpVersion }: RequestHead): Refusal | undefined {
  if (method === 'SOURCE' && httpVersion === '1.0') return { status: 400, why: 'a request of ICE' }
  return HTTP.has(method) ? undefined : { status: 400, why: `${method} is no method of HTTP` }
}

/** Whether the client closes after this request (RFC 9112, section 9.3). The parser misses a few spellings of that. */
export function wantsToClose(head: RequestHead): boolean {
  const value = head.field('connection')
  if (value === undefined || value === 'keep-alive') return false
  return value === 'close' || elementsOf(value).includes('close')
}

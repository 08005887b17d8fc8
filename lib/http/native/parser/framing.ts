import { elementsOf } from '../../elements.js'
import type { RequestHead } from '../../head.js'

/**
 * What the head of a request decides about its body and its connection. It is decided once, here: body, response and
 * the end of the connection go by this value, and never by the header fields again.
 */
export interface Framing {
  /** Bytes of the body: 0 without one, infinite if its end comes by chunks. */
  readonly bodyLength: number
  readonly isChunked: boolean
  /** The client would send another request on this connection. */
  readonly keepAlive: boolean
  /** The client may send its body only after `100 Continue`. */
  readonly expectsContinue: boolean
}

/** Which of the fields that decide something were there. */
export interface Present {
  readonly connection: boolean
  readonly expect: boolean
}

/** The framing of most requests. */
const NO_BODY: Framing = { bodyLength: 0, isChunked: false, keepAlive: true, expectsContinue: false }
const NO_BODY_LAST: Framing = { ...NO_BODY, keepAlive: false }

/**
 * The framing of a request whose head is in order: `isLength` and `checkHead` have passed it, so there is no more than
 * one length, and a coding is `chunked` alone, without a length beside it (RFC 9112, section 6.3).
 */
export function framingOf(head: RequestHead, present: Present): Framing {
  const keepAlive = wantsToKeep(head, present.connection)
  const { bodyLength } = head
  if (bodyLength === 0) return keepAlive ? NO_BODY : NO_BODY_LAST
  // RFC 9110, section 10.1.1: that of a client of HTTP/1.0 is ignored. An empty one expects nothing.
  const expectsContinue = present.expect && head.httpVersion === '1.1' && head.field('expect') !== ''
  return { bodyLength, isChunked: bodyLength === Number.POSITIVE_INFINITY, keepAlive, expectsContinue }
}

/** More digits are more than a number of JavaScript has. */
const LENGTH = /^[0-9]{1,15}$/

/** Whether the value of Content-Length is one (RFC 9112, section 6.2): a list of equal lengths is none here. */
export function isLength(value: string): boolean {
  return LENGTH.test(value)
}

/** RFC 9112, section 9.3. */
function wantsToKeep(head: RequestHead, hasConnection: boolean): boolean {
  const isDefault = head.httpVersion === '1.1'
  if (!hasConnection) return isDefault
  const value = head.field('connection') ?? ''
  // As nearly all clients write it.
  if (value === 'keep-alive') return true
  const options = elementsOf(value)
  return !options.includes('close') && (isDefault || options.includes('keep-alive'))
}

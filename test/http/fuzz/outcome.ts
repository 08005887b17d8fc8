import type { Refusal } from '../../../lib/http/refusal.js'

/** A request as a parser has read it. */
export interface Read {
  readonly method: string
  readonly url: string
  readonly httpVersion: string
  /** Names and values in turn. */
  readonly fields: readonly string[]
  body: string
  /** All of the body was there. */
  complete: boolean
}

/** What became of the bytes of one connection. */
export interface Outcome {
  readonly requests: Read[]
  /** Why it was refused; nothing was read after that. */
  refusal?: Refusal
  /** A request was the last of its connection, so what stands behind it is not looked at. */
  closed: boolean
}

/** Tunnels are not served, whichever engine reads the request. */
export function checkTunnel({ method }: { readonly method: string }): Refusal | undefined {
  return method === 'CONNECT' ? { status: 501, why: 'CONNECT' } : undefined
}

/** The bytes of a string in which each character is one. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

import type { RequestHead } from '../http/head.js'

/** By what a client can tell whether it has a representation already (RFC 9110, section 8.8). */
export interface Validators {
  /** Strong, with its quotes. */
  readonly etag: string
  /** As in `Last-Modified`, and in milliseconds since 1970, whole seconds. */
  readonly lastModified: string
  readonly modifiedAt: number
}

/**
 * Evaluates the preconditions of a GET or HEAD in their order (RFC 9110, section 13.2.2).
 * @returns 412 or 304, or 200 if the representation is to be sent
 */
export function evaluate(head: RequestHead, validators: Validators): 200 | 304 | 412 {
  const { etag, modifiedAt } = validators
  const match = head.field('if-match')
  if (match === undefined) {
    const since = dateOf(head.field('if-unmodified-since'))
    if (since !== undefined && modifiedAt > since) return 412
  } else if (!names(match, etag, 'strong')) return 412
  const noneMatch = head.field('if-none-match')
  if (noneMatch !== undefined) return names(noneMatch, etag, 'weak') ? 304 : 200
  const since = dateOf(head.field('if-modified-since'))
  return since !== undefined && modifiedAt <= since ? 304 : 200
}

/** Whether the client wants a part of just this representation, and not the whole of a newer one (section 13.1.5). */
export function wantsPart(head: RequestHead, { etag, lastModified }: Validators): boolean {
  const validator = head.field('if-range')
  return validator === undefined || validator === etag || validator === lastModified
}

function names(list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true
  const tags = list.match(/(?:W\/)?"[^"]*"/g) ?? []
  return tags.some(tag => tag === etag || (comparison === 'weak' && tag === `W/${etag}`))
}

/** `Sun Nov  6 08:49:37 1994`, which C's asctime writes and all recipients have to know (RFC 9110, section 5.6.7). */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/

/** @returns undefined if it is no date of HTTP, which is ignored */
function dateOf(field = ''): number | undefined {
  const text = ASCTIME.test(field) ? `${field} GMT` : field
  const date = text.endsWith(' GMT') ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : date
}

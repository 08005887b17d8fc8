import { reasonOf } from '../../http/refusal.js'
import type { Head } from './head.js'
import { makeHead } from './head.js'

/** A small page without details, which are in the error log. */
export interface ErrorPage {
  readonly head: Head
  readonly text: string
}

export type ErrorStatus = 413 | 500

/** The status that answers an error which the application did not handle. */
export function statusFor(error: unknown): ErrorStatus {
  return error instanceof Error && 'status' in error && error.status === 413 && error.name === 'BodyTooLarge'
    ? 413
    : 500
}

export function errorPage(status: ErrorStatus): ErrorPage {
  const text = reasonOf(status)
  return { head: makeHead(`${status} ${text}`, [['Content-Type', 'text/plain']]), text }
}

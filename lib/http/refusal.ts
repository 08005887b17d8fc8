import { STATUS_CODES } from './node/types.js'

/** A request that is answered without the application. */
export interface Refusal {
  readonly status: number
  /** For the log: what was found. */
  readonly why: string
}

/** The reason phrase of a status, by RFC 9110's name if Node still has an older one. */
export function reasonOf(status: number): string {
  return status === 413 ? 'Content Too Large' : (STATUS_CODES[status] ?? '')
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Linked } from '../sys/linked-list.js'
import type { Refusal } from './policy.js'

/** One request and its response, from a complete request head to the end of the response. */
export interface Exchange extends Linked<Exchange> {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** `performance.now()` when the head was complete, in milliseconds. */
  readonly startedAt: number
  /** The client waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1). */
  readonly expectsContinue: boolean
  /** It expects something else, and the application has asked for such requests. */
  expectsOther: boolean
  /** The environ, where the gateway made one; for `postRequest` and the access log. */
  environ: Readonly<Record<string, unknown>> | undefined
  /** It ran for longer than `requestTimeout`. */
  isExpired: boolean
  /** It was answered in place of the application: a malformed body, or a WebSocket that cannot be served. */
  refusal: Refusal | undefined
  /** Tells the application that nobody waits for its answer any more; set by the gateway where the application can be told. */
  abort: ((reason: Error) => void) | undefined
  /** For the access log, where there is one: how much of a body was given to the response so far. */
  bodyBytes: (() => number) | undefined
}

export function createExchange(req: IncomingMessage, res: ServerResponse, expectsContinue = false): Exchange {
  return {
    req,
    res,
    startedAt: performance.now(),
    expectsContinue,
    expectsOther: false,
    environ: undefined,
    isExpired: false,
    refusal: undefined,
    abort: undefined,
    bodyBytes: undefined,
    previous: undefined,
    next: undefined,
  }
}

import type { HttpPolicy } from './policy.js'

// How long the engines wait for clients if no setting says so, in milliseconds.

/**
 * Granted above the announced `Keep-Alive: timeout=` (whole seconds): a client that uses it to the last moment is
 * served.
 */
export const KEEP_ALIVE_MARGIN = 999

/** After so long a client that has closed its sending side is asked whether it is still there. */
export const PROBE_AFTER = 2000
/** How long its connection is quiet before the kernel asks again. */
export const KEPT_QUIET = 10_000

/** Idle for less, a connection does not give way to another: after a response; before any request, or its handshake. */
export const KEPT_MOMENT = 100
export const SILENT_MOMENT = 500

/**
 * How long a client that may still send after the last answer is listened to: while it is not silent for so long
 * (nginx's `lingering_timeout`), and for so long in all (`lingering_time`). What is lost on the way is sent again after
 * 1 s, and after 2 s more (RFC 6298, section 2).
 */
const LINGER_SILENCE = 5000
export const LINGER_LONGEST = 30_000

/** How long a client may be silent behind the last answer: no longer than within a body. */
export function lingerSilence({ bodyTimeout = 0 }: HttpPolicy): number {
  return Math.min(LINGER_SILENCE, bodyTimeout || LINGER_SILENCE)
}

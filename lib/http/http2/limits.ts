import type { ServerSessionOptions } from 'node:http2'
import { type HttpPolicy, headLimit } from '../policy.js'

// What one client may have of a worker's memory and time; docs/http2.md has the figures, and what Node's are.

/** Requests of one session that may be under way (RFC 9113, section 5.1.2, recommends no fewer). */
const MOST_STREAMS = 100
/** Bytes of a body that a client may send before the application reads: of one request, and of all of a session. */
const STREAM_WINDOW = 1 << 16
export const SESSION_WINDOW = 1 << 20
/** The most that a head has, in bytes, and the fewest that clients count on. */
const LARGEST_HEAD = 1 << 16
/** Megabytes that a session may hold of heads, tables and what is to be sent, before it is refused new requests. */
const MEMORY = 10
/** Clients send each cookie as a field of its own (RFC 9113, section 8.2.3), and they count as one. */
const CRUMBS = 256
/** Frames that are none, and streams beyond the limit, after which the session is ended. */
const TOLERATED = 100

/** The options of a session, for the limits of a policy. */
export function sessionOptions(policy: HttpPolicy): ServerSessionOptions {
  const { limitRequestFields } = policy
  return {
    // A head above these is no longer read, and its stream is reset; what is below them, the policy judges by itself.
    maxHeaderListPairs: limitRequestFields === 0 ? LARGEST_HEAD : limitRequestFields + CRUMBS,
    maxSessionMemory: MEMORY,
    maxSessionInvalidFrames: TOLERATED,
    maxSessionRejectedStreams: TOLERATED,
    settings: {
      maxConcurrentStreams: MOST_STREAMS,
      initialWindowSize: STREAM_WINDOW,
      maxHeaderListSize: Math.min(headLimit(policy), LARGEST_HEAD),
    },
  }
}

/** Reports whether a head is larger than any may be: what nghttp2 looks at for clients that have taken SETTINGS. */
export function isTooLarge(fields: readonly string[]): boolean {
  return fields.reduce((size, text) => size + text.length, 0) > LARGEST_HEAD
}

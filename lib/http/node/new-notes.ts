import type { ClientHandle } from '../../listeners/server-handle.js'
import { now } from '../../sys/clock.js'
import type { Security } from '../security.js'

/** What the engine notes of a new connection. */
export function newNotes<Around extends object>(handle: ClientHandle, around: Around, security?: Security) {
  return {
    previous: undefined,
    next: undefined,
    mark: 0,
    quietSince: now(),
    running: 0,
    refused: false,
    abandoned: false,
    upgraded: false,
    newest: undefined,
    last: false,
    wait: undefined,
    waitingSince: 0,
    progress: 0,
    allowance: Number.POSITIVE_INFINITY,
    received: 0,
    headStart: 0,
    behind: undefined,
    offers: 0,
    isProbed: false,
    handle,
    ...around,
    security,
    knownPeer: undefined,
    isLingering: false,
  }
}

import type { ListenerSeat } from '../../listeners/listener-seat.js'
import type { ServedAddress } from './server-app.js'

/** What `server.address()` says: the first listener, as Node would describe it. */
export function servedAddress([first]: readonly ListenerSeat[]): ServedAddress {
  // A check serves nowhere.
  if (!first) return { address: '127.0.0.1', family: 'IPv4', port: 0 }
  if (first.host === undefined || first.port === undefined) return first.path ?? first.name
  return { address: first.host, family: first.host.includes(':') ? 'IPv6' : 'IPv4', port: first.port }
}

/** A script that listens late, though what it exports is served already. */
export const NOT_ADOPTED =
  'A server of the application listens, but what its module exports is served as a wsgi application: where it is a handler (req, res), say so with --interface node'

import { now } from '../sys/clock.js'
import { KEPT_MOMENT, SILENT_MOMENT } from './waiting.js'

/** Returns the connection that has been idle for longest, if it has been for long enough to give way to another. */
export function idlestOf<Connection extends { readonly quietSince: number }>(
  connections: Iterable<Connection>,
  isIdle: (connection: Connection) => boolean,
  isServed: (connection: Connection) => boolean,
): Connection | undefined {
  const present = now()
  let idlest: Connection | undefined
  for (const connection of connections) {
    if (idlest && connection.quietSince >= idlest.quietSince) continue
    const moment = isServed(connection) ? KEPT_MOMENT : SILENT_MOMENT
    if (present - connection.quietSince >= moment && isIdle(connection)) idlest = connection
  }
  return idlest
}

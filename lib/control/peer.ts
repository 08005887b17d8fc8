import { peerUid } from '../sys/socket-calls.js'

/**
 * Who may steer a server: the user whose processes it are, and root. The mode of a socket says so too, but not who was
 * given the descriptor, or may have changed the mode.
 * @param fd  of a connection at a unix socket
 * @returns why its client is refused; undefined if it is welcome
 */
export function strangerAt(fd: number): string | undefined {
  const own = process.geteuid?.() ?? 0
  const uid = peerUid(fd)
  if (uid === own || uid === 0) return undefined
  return `found a client with uid ${uid ?? 'unknown'}, wanted ${own === 0 ? '' : `${own}, that of this server, or `}0, that of root`
}

import { hasUnread } from '../../sys/socket-calls.js'
import { idlestOf } from '../idlest.js'
import type { ClientSocket } from './client-socket.js'

/** Whether the connection waits for a next request. */
function isIdle({ running, upgraded }: ClientSocket): boolean {
  return running === 0 && !upgraded
}

/**
 * Closes the connection if it waits for a request, none of which has come: neither to the parser, nor to the kernel
 * since the event loop has last looked.
 */
export function closeIfIdle(socket: ClientSocket): void {
  if (isIdle(socket) && !hasUnread(socket.handle.fd)) socket.destroySoon()
}

/**
 * Closes the connection that has been idle for longest, if one may give way to another. One whose next request has
 * begun is not idle.
 * @param senders  those on which a part of a request has come, and any that never had one
 * @returns whether there is one
 */
export function closeIdlest(sockets: Iterable<ClientSocket>, senders: ReadonlySet<ClientSocket>): boolean {
  const isSending = (socket: ClientSocket): boolean =>
    isServed(socket) ? senders.has(socket) : socket.bytesRead > socket.headStart
  const idlest = idlestOf(sockets, socket => mayGiveWay(socket) && !isSending(socket), isServed)
  if (idlest) closeUnlessHeard(idlest)
  return idlest !== undefined
}

function isServed({ newest }: ClientSocket): boolean {
  return newest !== undefined
}

/** Whether it is idle, and not being closed already. */
function mayGiveWay(socket: ClientSocket): boolean {
  return isIdle(socket) && !socket.refused && !socket.isLingering
}

/** A late loop leaves a timely request in the kernel: one more turn reads it. */
function closeUnlessHeard(socket: ClientSocket): void {
  const { bytesRead } = socket
  setImmediate(() => {
    if (socket.bytesRead === bytesRead) closeIfIdle(socket)
  })
}

import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { lingerAfter } from './linger.js'
import { muzzle } from './muzzle.js'

/** How long a refused client may go on sending before its connection is destroyed, so that it can read the answer first. */
const LINGER = 500

/** RFC 9110's name where Node still has an older one. */
export function reasonOf(status: number): string {
  return status === 413 ? 'Content Too Large' : (STATUS_CODES[status] ?? '')
}

/** Answers in place of the application, whose half-made head is forgotten. The connection closes after it, and what the application still says is dropped. */
export function refuseRequest(res: ServerResponse, status: number): void {
  const reason = reasonOf(status)
  for (const name of res.getHeaderNames()) res.removeHeader(name)
  res.shouldKeepAlive = false
  if (!res.req.complete) lingerAfter(res.req)
  res.writeHead(status, reason, ['Content-Type', 'text/plain', 'Content-Length', String(reason.length)])
  res.end(reason)
  muzzle(res)
}

/** Answers bytes that are no request, on the bare connection, and closes it. */
export function refuseConnection(socket: Socket, status: number): void {
  const reason = reasonOf(status)
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Connection: close',
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: text/plain',
    `Content-Length: ${reason.length}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${reason}`)
  socket.once('end', () => socket.destroy())
  setTimeout(() => socket.destroy(), LINGER).unref()
}

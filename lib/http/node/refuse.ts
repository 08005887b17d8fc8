import type { Socket } from 'node:net'
import { type Refusal, reasonOf } from '../refusal.js'

/** How long a refused client has to read the answer, before its connection is destroyed; in milliseconds. */
const LINGER = 500

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

/** By the codes of errors of `node:http`. */
const REFUSALS = new Map<string | undefined, Refusal>([
  ['HPE_HEADER_OVERFLOW', { status: 431, why: 'request head too large' }],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', { status: 413, why: 'chunk extensions too large' }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, why: 'request head too slow' }],
])

/** The answer to bytes that the parser of `node:http` does not take for a request. */
export function refusalOf(error: Error & { code?: string; reason?: string }): Refusal {
  return REFUSALS.get(error.code) ?? { status: 400, why: error.reason ?? error.message }
}

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { now } from '../../sys/clock.js'
import { MISPLACED_TLS, TLS_RECORD } from '../policy.js'
import { type Refusal, reasonOf } from '../refusal.js'
import { LINGER_LONGEST } from '../waiting.js'
import type { NotedSocket } from './noted-socket.js'

/** Ends a connection whose memory is wanted now. The kernel has the answer: a client that still sends may lose it. */
export function closeUnread(socket: Socket): void {
  socket.pause()
  socket.end()
  setImmediate(() => socket.destroy())
}

/** Closes a connection at a time limit of the application's, unless it listens for that itself, as under plain Node. */
export function closeExpired(socket: NotedSocket<unknown>): void {
  const { req, res } = socket.newest ?? {}
  const isHandled = socket.running > 0 && [req, res].some(it => it && it.listenerCount('timeout') > 0)
  if (!isHandled) socket.destroy()
}

/** Answers bytes that are no request, on the bare connection, and closes it. @param fields  more lines of the head */
export function refuseConnection(socket: Socket, status: number, fields: readonly string[] = []): void {
  writeRefusal(socket, status, fields)
  socket.destroySoon()
}

/** The same of a socket that is none of the engine's. @param silence  of the client that ends it, in milliseconds */
export function refuseSocket(socket: Socket, status: number, silence: number): void {
  writeRefusal(socket, status)
  if (socket.readableEnded) socket.destroySoon()
  else linger(socket, silence)
}

function writeRefusal(socket: Socket, status: number, fields: readonly string[] = []): void {
  const reason = reasonOf(status)
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Connection: close',
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: text/plain',
    `Content-Length: ${reason.length}`,
    ...fields,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${reason}`)
}

/** By the codes of errors of `node:http`. */
const REFUSALS = new Map<string | undefined, Refusal>([
  ['HPE_HEADER_OVERFLOW', { status: 431, why: 'request head too large' }],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', { status: 413, why: 'chunk extensions too large' }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, why: 'request head too slow' }],
])

/** An error of the parser of `node:http`, and the bytes that it is about. */
export interface ParserError extends Error {
  readonly code?: string
  readonly reason?: string
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

/** The answer to bytes that the parser of `node:http` does not take for a request. */
export function refusalOf(error: ParserError): Refusal {
  if (error.code === 'HPE_INVALID_VERSION' && isOtherMajor(error)) return { status: 505, why: 'version of HTTP' }
  if (error.code === 'HPE_INVALID_METHOD' && isTls(error)) return MISPLACED_TLS
  return REFUSALS.get(error.code) ?? { status: 400, why: error.reason ?? error.message }
}

/** The parser stops behind the version (RFC 9110, section 15.6.6), the beginning of which may be in another packet. */
function isOtherMajor({ rawPacket, bytesParsed }: ParserError): boolean {
  return /(?:^|\/)[2-9]\.\d$/.test(rawPacket?.toString('latin1', 0, bytesParsed) ?? '')
}

function isTls({ rawPacket, bytesParsed }: ParserError): boolean {
  return bytesParsed === 0 && rawPacket?.[0] === TLS_RECORD
}

/** Ends a connection, if its client still sends the body of a request after its answer when its time is over. */
export function limitRest(req: IncomingMessage): void {
  const { socket } = req
  const late = setTimeout(() => req.complete || socket.destroySoon(), LINGER_LONGEST).unref()
  const done = (): void => clearTimeout(late)
  req.once('end', done)
  req.once('close', done)
}

/**
 * Ends a connection whose client may still be sending: closes the sending side, and drops what the client sends. A
 * close while it sends is a reset, which loses the answer that it has not read yet (RFC 9112, section 9.6).
 * @param silence  of the client that ends it, in milliseconds; it may last up to twice that
 * @param unread  a request whose body the application may still be reading
 */
export function linger(socket: Socket, silence: number, unread?: IncomingMessage): void {
  const latest = now() + LINGER_LONGEST
  let seen = -1
  const look = (): void => {
    const { bytesRead } = socket
    if (socket.destroyed) return
    if (bytesRead === seen || now() > latest) return void socket.destroy()
    seen = bytesRead
    setTimeout(look, silence).unref()
  }
  socket.once('end', () => socket.destroy())
  socket.end(look)
  // After pending reads have let go of the request.
  setImmediate(() => {
    unread?.resume()
    // If the request does not flow all the same, the application has left it, and would stop the connection.
    if (unread?.readableFlowing && !unread.destroyed) return
    dropRest(socket)
    socket.resume()
  })
}

/** Takes a connection from the parser: what still comes is dropped. */
export function dropRest(socket: Socket): void {
  // node:http lets go of a connection once something else listens for its data.
  socket.removeAllListeners('data')
  socket.on('data', () => {})
}

import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Exchange } from '../http/exchange.js'
import { reasonOf } from '../http/node/refuse.js'
import { countBody, sentHeader } from '../http/node/sent.js'
import type { Refusal } from '../http/policy.js'
import type { AccessEntry, AccessLog } from '../logging/access.js'
import { now } from '../sys/clock.js'

/** What becomes a line of the access log: each request once, when its response has left or its client has. */
export class AccessRecorder {
  readonly #log: AccessLog
  readonly #unfinished = new Set<Exchange>()
  /** Writes the line of a connection that has left HTTP. */
  readonly #upgraded = new Set<() => void>()

  constructor(log: AccessLog) {
    this.#log = log
    // The application may end the process at any moment, in the middle of a request too.
    process.on('exit', () => {
      for (const exchange of this.#unfinished) this.finished(exchange)
      for (const finish of this.#upgraded) finish()
      log.flush()
    })
  }

  /** A connection begins: its socket remembers an address that it was asked for, which cannot be found out once the client is gone. */
  connected(socket: Socket): void {
    peerOf(socket)
  }

  /** A request begins. */
  begin(exchange: Exchange): void {
    exchange.bodyBytes = countBody(exchange.res)
    this.#unfinished.add(exchange)
  }

  /** Writes its line, the first time that it is told. */
  finished(exchange: Exchange): void {
    if (!this.#unfinished.delete(exchange)) return
    const { req, res, startedAt, environ, refusal } = exchange
    const outcome = outcomeOf(exchange)
    this.#log.write({
      ...requestOf(req),
      remoteAddress: peerOf(req.socket),
      status: res.headersSent ? res.statusCode : 0,
      reason: res.statusMessage,
      bytes: exchange.bodyBytes?.() ?? 0,
      ...(refusal && answerOf(refusal, req)),
      durationMs: now() - startedAt,
      responseHeader: name => sentHeader(res, name),
      ...(environ && { environ }),
      ...(outcome && { outcome }),
    })
  }

  /**
   * A connection leaves HTTP. Its line is written when it ends, with the status that the application wrote and the bytes that
   * went out since.
   */
  upgraded(req: IncomingMessage, socket: Socket): void {
    const startedAt = now()
    const before = socket.bytesWritten
    const status = answeredStatus(socket)
    const finish = (): void => {
      if (!this.#upgraded.delete(finish)) return
      this.#log.write({
        ...requestOf(req),
        remoteAddress: peerOf(socket),
        status: status(),
        reason: STATUS_CODES[status()] ?? '',
        bytes: socket.bytesWritten - before,
        durationMs: now() - startedAt,
        responseHeader: () => undefined,
        ...(status() === 0 && { outcome: 'aborted' }),
      })
    }
    this.#upgraded.add(finish)
    socket.once('close', finish)
  }

  /** An answer without the application, or to bytes that were no request. */
  refused(refusal: Refusal, socket: Socket, req?: IncomingMessage): void {
    this.#log.write({
      ...(req ? requestOf(req) : NO_REQUEST),
      remoteAddress: peerOf(socket),
      ...answerOf(refusal, req),
      durationMs: 0,
      responseHeader: () => undefined,
      outcome: refusal.status === 408 ? 'timeout' : 'refused',
    })
  }
}

/** Reads the status line that the application writes to a bare connection; 0 while there is none. */
function answeredStatus(socket: Socket): () => number {
  let status = 0
  const { write, end } = socket
  const look = (chunk: unknown): void => {
    if (status === 0) status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(headOf(chunk))?.[1] ?? 0)
  }
  socket.write = (...args: unknown[]): boolean => {
    look(args[0])
    return Reflect.apply(write, socket, args)
  }
  socket.end = (...args: unknown[]): Socket => {
    look(args[0])
    return Reflect.apply(end, socket, args)
  }
  return () => status
}

function headOf(chunk: unknown): string {
  return chunk instanceof Uint8Array
    ? Buffer.from(chunk.subarray(0, 12)).toString('latin1')
    : String(chunk).slice(0, 12)
}

function outcomeOf({ res, isExpired, refusal }: Exchange): AccessEntry['outcome'] {
  if (refusal) return 'refused'
  if (isExpired) return 'timeout'
  return res.writableFinished ? undefined : 'aborted'
}

/** What a refused client is sent: the reason is the body. */
function answerOf({ status }: Refusal, req?: IncomingMessage): Pick<AccessEntry, 'status' | 'reason' | 'bytes'> {
  const reason = reasonOf(status)
  return { status, reason, bytes: req?.method === 'HEAD' ? 0 : reason.length }
}

type RequestPart = Pick<AccessEntry, 'method' | 'url' | 'httpVersion' | 'requestHeader'>

const NO_REQUEST: RequestPart = { method: '', url: '', httpVersion: '', requestHeader: () => undefined }

function requestOf({ method = '', url = '', httpVersion, headers }: IncomingMessage): RequestPart {
  return { method, url, httpVersion, requestHeader: name => headers[name]?.toString() }
}

/** A client of a unix socket has no address. */
function peerOf(socket: Socket): string {
  return socket.remoteAddress ?? ''
}

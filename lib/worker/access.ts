import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Exchange } from '../http/exchange.js'
import type { Refusal } from '../http/policy.js'
import { countBody, sentHeader } from '../http/sent.js'
import type { AccessEntry, AccessLog } from '../logging/access.js'
import { now } from '../sys/clock.js'

/** What becomes a line of the access log: each request once, when its response has left or its client has. */
export class AccessRecorder {
  readonly #log: AccessLog

  constructor(log: AccessLog) {
    this.#log = log
  }

  /** A request begins: notes what cannot be asked for any more when it is over. */
  begin(exchange: Exchange): void {
    exchange.peer = peerOf(exchange.req.socket)
    exchange.bodyBytes = countBody(exchange.res)
  }

  finished(exchange: Exchange): void {
    const { req, res, startedAt, environ } = exchange
    const outcome = outcomeOf(exchange)
    this.#log.write({
      ...requestOf(req),
      remoteAddress: exchange.peer ?? '',
      status: res.headersSent ? res.statusCode : 0,
      reason: res.statusMessage,
      bytes: exchange.bodyBytes?.() ?? 0,
      durationMs: now() - startedAt,
      responseHeader: name => sentHeader(res, name),
      ...(environ && { environ }),
      ...(outcome && { outcome }),
    })
  }

  /** An answer without the application, or to bytes that were no request. */
  refused({ status }: Refusal, socket: Socket, req?: IncomingMessage): void {
    this.#log.write({
      ...(req ? requestOf(req) : NO_REQUEST),
      remoteAddress: peerOf(socket),
      status,
      bytes: 0,
      durationMs: 0,
      responseHeader: () => undefined,
      outcome: status === 408 ? 'timeout' : 'refused',
    })
  }
}

function outcomeOf({ res, isExpired }: Exchange): AccessEntry['outcome'] {
  if (isExpired) return 'timeout'
  return res.writableFinished ? undefined : 'aborted'
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

import type { Exchange, Peer, Upgrade } from '../http/exchange.js'
import type { RequestHead } from '../http/head.js'
import { type Refusal, reasonOf } from '../http/refusal.js'
import type { AccessEntry, AccessLog } from '../logging/access.js'
import { now } from '../sys/clock.js'

/** Writes each request to the access log once, when its response has left or its client is gone. */
export class AccessRecorder {
  readonly #log: AccessLog
  readonly #unfinished = new Set<Exchange>()
  /** Each writes the line of a connection that has left HTTP. */
  readonly #upgraded = new Set<() => void>()

  constructor(log: AccessLog) {
    this.#log = log
    // The application may end the process in the middle of a request. The recorder lives as long as the process.
    process.on('exit', () => {
      for (const exchange of this.#unfinished) this.finished(exchange)
      for (const finish of this.#upgraded) finish()
      log.flush()
    })
  }

  /** Reads the address of a new connection, for its peer to keep: the kernel forgets it when the client is gone. */
  connected(peer: Peer): void {
    void peer.address
  }

  begin(exchange: Exchange): void {
    exchange.answer.countBytes()
    this.#unfinished.add(exchange)
  }

  /** Writes the line of a request, at the first call. */
  finished(exchange: Exchange): void {
    if (!this.#unfinished.delete(exchange)) return
    const { head, peer, answer, startedAt, environ, refusal } = exchange
    const outcome = outcomeOf(exchange)
    this.#log.write({
      ...requestOf(head),
      remoteAddress: peer.address,
      status: answer.statusCode,
      reason: answer.reason,
      bytes: answer.bytes,
      ...(refusal && answerOf(refusal, head)),
      durationMs: now() - startedAt,
      responseHeader: name => answer.field(name),
      ...(environ && { environ }),
      ...(outcome && { outcome }),
    })
  }

  /** A connection leaves HTTP. Its line, written when it ends, has the status and bytes that the application sent. */
  upgraded(upgrade: Upgrade): void {
    const { head, peer } = upgrade
    const startedAt = now()
    const finish = (): void => {
      if (!this.#upgraded.delete(finish)) return
      const { status, bytes } = upgrade
      this.#log.write({
        ...requestOf(head),
        remoteAddress: peer.address,
        status,
        reason: reasonOf(status),
        bytes,
        durationMs: now() - startedAt,
        responseHeader: () => undefined,
        ...(status === 0 && { outcome: 'aborted' }),
      })
    }
    this.#upgraded.add(finish)
    upgrade.watch(finish)
  }

  /** Writes the line of an answer without the application, or to bytes that were no request. */
  refused(refusal: Refusal, peer: Peer, head?: RequestHead): void {
    this.#log.write({
      ...(head ? requestOf(head) : NO_REQUEST),
      remoteAddress: peer.address,
      ...answerOf(refusal, head),
      durationMs: 0,
      responseHeader: () => undefined,
      outcome: refusal.status === 408 ? 'timeout' : 'refused',
    })
  }
}

function outcomeOf({ answer, isExpired, refusal }: Exchange): AccessEntry['outcome'] {
  if (refusal) return 'refused'
  if (isExpired) return 'timeout'
  return answer.finished ? undefined : 'aborted'
}

/** What a refused client gets: the reason is the body. */
function answerOf({ status }: Refusal, head?: RequestHead): Pick<AccessEntry, 'status' | 'reason' | 'bytes'> {
  const reason = reasonOf(status)
  return { status, reason, bytes: head?.method === 'HEAD' ? 0 : reason.length }
}

type RequestPart = Pick<AccessEntry, 'method' | 'url' | 'httpVersion' | 'requestHeader'>

const NO_REQUEST: RequestPart = { method: '', url: '', httpVersion: '', requestHeader: () => undefined }

function requestOf(head: RequestHead): RequestPart {
  const { method, url, httpVersion } = head
  return { method, url, httpVersion, requestHeader: name => head.field(name) }
}

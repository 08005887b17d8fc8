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
    const sent = { status: answer.statusCode, reason: answer.reason, bytes: answer.bytes }
    const { status, reason, bytes } = refusal ? answerOf(refusal, head) : sent
    const durationMs = now() - startedAt
    const responseHeader = (name: string): string | undefined => answer.field(name)
    const outcome = outcomeOf(exchange)
    this.#log.write(entryOf(head, peer, { status, reason, bytes, durationMs, responseHeader, environ, outcome }))
  }

  /** A connection leaves HTTP. Its line, written when it ends, has the status and bytes that the application sent. */
  upgraded(upgrade: Upgrade): void {
    const { head, peer } = upgrade
    const startedAt = now()
    const finish = (): void => {
      if (!this.#upgraded.delete(finish)) return
      const { status, bytes } = upgrade
      const durationMs = now() - startedAt
      const outcome = status === 0 ? 'aborted' : undefined
      this.#log.write(entryOf(head, peer, { status, reason: reasonOf(status), bytes, durationMs, outcome }))
    }
    this.#upgraded.add(finish)
    upgrade.watch(finish)
  }

  /** Writes the line of an answer without the application, or to bytes that were no request. */
  refused(refusal: Refusal, peer: Peer, head?: RequestHead): void {
    const outcome = refusal.status === 408 ? 'timeout' : 'refused'
    this.#log.write(entryOf(head, peer, { ...answerOf(refusal, head), durationMs: 0, outcome }))
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

type Outcome = Pick<AccessEntry, 'status' | 'reason' | 'bytes' | 'durationMs' | 'environ' | 'outcome'> &
  Partial<Pick<AccessEntry, 'responseHeader'>>

/** Field by field: to an object that begins with a spread, V8 adds each further field slowly. */
function entryOf(head: RequestHead | undefined, peer: Peer, answer: Outcome): AccessEntry {
  return {
    method: head?.method ?? '',
    url: head?.url ?? '',
    httpVersion: head?.httpVersion ?? '',
    requestHeader: name => head?.field(name),
    remoteAddress: peer.address,
    status: answer.status,
    reason: answer.reason,
    bytes: answer.bytes,
    durationMs: answer.durationMs,
    responseHeader: answer.responseHeader ?? (() => undefined),
    environ: answer.environ,
    outcome: answer.outcome,
  }
}

import { read, toError } from '../../errors.js'
import { BodyTooLarge, ClientGone } from '../../http/errors.js'
import type { Exchange } from '../../http/exchange.js'
import { reasonOf } from '../../http/refusal.js'
import type { Logger } from '../../logging/log.js'
import { ApplicationBreach, requestFacts } from '../failure.js'
import type { Background } from '../gateway.js'
import { checkChunks } from './chunk.js'
import { type Head, makeHead } from './head.js'
import { Outgoing } from './outgoing.js'

/** The answer to one request, from what an application gave for it, and what is said of it in the log. */
export abstract class Reply {
  readonly exchange: Exchange
  protected readonly outgoing: Outgoing
  readonly #log: Logger

  constructor(exchange: Exchange, log: Logger, background?: Background) {
    this.exchange = exchange
    this.outgoing = new Outgoing(exchange, background)
    this.#log = log
  }

  /** Takes over the head, which is sent with the body. */
  protected begin(head: Head): void {
    if (head.dropped !== undefined) this.dropped(head.dropped)
    this.outgoing.head = head
  }

  /** @param names  hop-by-hop fields that the application has set */
  protected dropped(names: readonly string[]): void {
    this.complain(`hop-by-hop headers are not sent: ${names.join(', ')}`)
  }

  /** The fast path: all of the body is there, or all that is left of it. */
  protected answer(chunks: readonly unknown[]): void {
    checkChunks(chunks)
    const { outgoing } = this
    if (outgoing.gone) return
    if (!outgoing.headSent) outgoing.sendWhole(chunks)
    else {
      for (const chunk of chunks) outgoing.write(chunk)
      outgoing.finish()
    }
    this.ended()
    this.exchange.release?.()
  }

  /** To be called when the response has ended: an application that was not held to its word is told. */
  protected ended(): void {
    if (this.outgoing.fellShort) this.complain('the body is shorter than its Content-Length: the connection is closed')
    if (this.outgoing.overflowed) this.complain('the body is longer than its Content-Length: the rest is not sent')
    if (this.outgoing.droppedBody) this.complain('a response with this status has no body: it is not sent')
  }

  /** The application has failed: 500, or a cut connection if the head is out. */
  protected fail(thrown: unknown): void {
    const { outgoing } = this
    const error = toError(thrown)
    this.#logFailure(error)
    if (outgoing.ended || outgoing.gone) return
    if (outgoing.headSent) outgoing.cut()
    // What the client sends beyond the limit need not have come yet: its connection is not used again.
    else if (isTooLarge(error)) this.exchange.answer.refuse(413)
    else this.sendPage(this.pageFor(error))
  }

  /** The status for a failure before the head. */
  protected pageFor(_error: Error): number {
    return 500
  }

  #logFailure(error: Error): void {
    const log = this.#log
    if (this.outgoing.gone && this.isExpected(error)) log.debug(this.#facts(error), 'the client went away')
    else if (error instanceof BodyTooLarge) log.info(this.#facts(error), 'a request was refused')
    else log.error(this.#facts(error), this.failureMessage(error))
  }

  /** Whether an application fails so when its client has gone. */
  protected isExpected(error: Error): boolean {
    return error instanceof ClientGone
  }

  /** Sends a small page without details, which are in the error log. */
  protected sendPage(status: number): void {
    const reason = reasonOf(status)
    this.outgoing.head = makeHead(`${status} ${reason}`, [['Content-Type', 'text/plain']])
    this.outgoing.sendWhole([reason])
  }

  protected failureMessage(_error: Error): string {
    return this.outgoing.headSent ? 'the application failed after the head of the response' : 'the application failed'
  }

  /** Logs a breach that the response survives. */
  protected complain(breach: string): void {
    this.report(new ApplicationBreach(breach), breach)
  }

  /** Logs an error outside of the response. */
  protected report(error: unknown, message: string): void {
    this.#log.error(this.#facts(error), message)
  }

  #facts(error: unknown): object {
    return { err: toError(error), ...requestFacts(this.exchange) }
  }
}

/** By its name, which holds for another copy of the class too. */
function isTooLarge(error: Error): boolean {
  return error.name === 'BodyTooLarge' && read(error, 'status') === 413
}

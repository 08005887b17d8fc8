import { errorCode, read, toError } from '../../errors.js'
import { BodyTooLarge, ClientGone } from '../../http/errors.js'
import type { Exchange } from '../../http/exchange.js'
import { reasonOf } from '../../http/refusal.js'
import type { Logger } from '../../logging/log.js'
import { ApplicationBreach, requestFacts } from '../failure.js'
import { Body, isThenable } from './body.js'
import { checkChunks } from './chunk.js'
import { type Head, makeHead } from './head.js'
import { Outgoing } from './outgoing.js'
import { pump } from './pump.js'

/** One call of an application that returns its response. Subclasses call it and turn its result into head and body. */
export abstract class Call {
  readonly exchange: Exchange
  protected readonly outgoing: Outgoing
  readonly #log: Logger
  #body: Body | undefined
  #abort: AbortController | undefined

  constructor(exchange: Exchange, log: Logger) {
    this.exchange = exchange
    this.outgoing = new Outgoing(exchange)
    this.#log = log
  }

  /** Aborted when the client goes away before the response is finished, or the worker answers in its place. */
  get signal(): AbortSignal {
    this.#abort ??= this.#watchClient()
    return this.#abort.signal
  }

  /** Turns what the application returned into a response. */
  protected abstract accept(returned: unknown): void

  protected settle(returned: unknown): void {
    if (isThenable(returned)) this.#await(returned)
    else this.accept(returned)
  }

  #await(promise: PromiseLike<unknown>): void {
    // Through a promise of our own, since a foreign `then` may call back more than once.
    Promise.resolve(promise).then(
      returned => {
        try {
          this.accept(returned)
        } catch (error) {
          this.fail(error)
        }
      },
      (error: unknown) => this.fail(error),
    )
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

  /** The fast path: all of the body is there. */
  protected answer(chunks: readonly unknown[]): void {
    checkChunks(chunks)
    const { outgoing } = this
    if (outgoing.gone) return
    if (!outgoing.headSent) outgoing.sendWhole(chunks)
    else {
      for (const chunk of chunks) outgoing.write(chunk)
      outgoing.finish()
    }
    this.#end()
  }

  protected stream(iterable: unknown): void {
    const body = new Body(iterable)
    this.#body = body
    body.open()
    if (!this.outgoing.gone) this.exchange.answer.onClose(() => this.#close())
    this.#listenForAbort()
    this.transmit(body)
      .then(() => {
        if (!this.outgoing.gone) this.#end()
        this.#close()
      })
      .catch((error: unknown) => this.fail(error))
  }

  /** Sends what `body` yields, and the end of the response. */
  protected async transmit(body: Body): Promise<void> {
    await pump(body, this.outgoing)
    if (!this.outgoing.gone) this.outgoing.finish()
  }

  #end(): void {
    if (this.outgoing.fellShort) this.complain('the body is shorter than its Content-Length: the connection is closed')
    if (this.outgoing.overflowed) this.complain('the body is longer than its Content-Length: the rest is not sent')
    if (this.outgoing.droppedBody) this.complain('a response with this status has no body: it is not sent')
  }

  protected fail(thrown: unknown): void {
    const { outgoing } = this
    const error = toError(thrown)
    this.#logFailure(error)
    if (!outgoing.ended && !outgoing.gone) {
      if (outgoing.headSent) outgoing.cut()
      else this.#sendPage(isTooLarge(error) ? 413 : 500)
    }
    this.#close()
  }

  #logFailure(error: Error): void {
    const log = this.#log
    if (this.outgoing.gone && this.#isExpected(error)) log.debug(this.#facts(error), 'the client went away')
    else if (error instanceof BodyTooLarge) log.info(this.#facts(error), 'a request was refused')
    else log.error(this.#facts(error), this.failureMessage(error))
  }

  /** The application was told that its answer is not wanted any more, and passes that on. */
  #isExpected(error: Error): boolean {
    const isAbort = error.name === 'AbortError'
    // What a Node stream rejects a pending read with when it is destroyed.
    const isDestroyed = this.#body?.closed === true && errorCode(error) === 'ERR_STREAM_PREMATURE_CLOSE'
    const isOurs = this.#abort !== undefined && error === this.#abort.signal.reason
    return isAbort || isDestroyed || isOurs || error instanceof ClientGone
  }

  /** Sends a small page without details, which are in the error log. */
  #sendPage(status: number): void {
    const reason = reasonOf(status)
    this.outgoing.head = makeHead(`${status} ${reason}`, [['Content-Type', 'text/plain']])
    this.outgoing.sendWhole([reason])
  }

  protected failureMessage(_error: Error): string {
    return this.outgoing.headSent ? 'the application failed after the head of the response' : 'the application failed'
  }

  #close(): void {
    try {
      const closing = this.#body?.close()
      if (isThenable(closing)) closing.then(undefined, (error: unknown) => this.#closeFailed(error))
    } catch (error) {
      this.#closeFailed(error)
    }
  }

  #closeFailed(error: unknown): void {
    this.report(error, 'close() of the response body failed')
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

  /** The worker answers in place of an application that takes too long, which need not go on then. */
  #listenForAbort(): void {
    this.exchange.abort = reason => {
      this.#abort?.abort(reason)
      this.#close()
    }
  }

  #watchClient(): AbortController {
    const abort = new AbortController()
    const { answer } = this.exchange
    this.#listenForAbort()
    const isDelivered = this.outgoing.ended && answer.finished
    if (this.outgoing.gone && !isDelivered) abort.abort()
    else {
      answer.onClose(() => {
        if (!answer.finished) abort.abort()
      })
    }
    return abort
  }
}

/** By its name, which holds for another copy of the class too. */
function isTooLarge(error: Error): boolean {
  return error.name === 'BodyTooLarge' && read(error, 'status') === 413
}

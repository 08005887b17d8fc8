import { errorCode } from '../../errors.js'
import { Body, isThenable } from './body.js'
import { pump } from './pump.js'
import { Reply } from './reply.js'

/** One call of an application that returns its response. Subclasses call it and turn its result into head and body. */
export abstract class Call extends Reply {
  #body: Body | undefined
  #abort: AbortController | undefined

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

  protected stream(iterable: unknown): void {
    const body = new Body(iterable)
    this.#body = body
    body.open()
    if (!this.outgoing.gone) this.exchange.answer.onClose(() => this.#close())
    this.#listenForAbort()
    this.transmit(body)
      .then(() => {
        if (this.outgoing.ended) this.ended()
        this.#close()
      })
      .catch((error: unknown) => this.fail(error))
  }

  /** Sends what `body` yields, and the end of the response. */
  protected async transmit(body: Body): Promise<void> {
    await pump(body, this.outgoing)
    if (!this.outgoing.gone) this.outgoing.finish()
  }

  protected override fail(thrown: unknown): void {
    super.fail(thrown)
    this.#close()
  }

  /** The application was told that its answer is not wanted any more, and passes that on. */
  protected override isExpected(error: Error): boolean {
    const isAbort = error.name === 'AbortError'
    // What a Node stream rejects a pending read with when it is destroyed.
    const isDestroyed = this.#body?.closed === true && errorCode(error) === 'ERR_STREAM_PREMATURE_CLOSE'
    const isOurs = this.#abort !== undefined && error === this.#abort.signal.reason
    return isAbort || isDestroyed || isOurs || super.isExpected(error)
  }

  /** Ends the body; then the application is done. */
  #close(): void {
    try {
      const closing = this.#body?.close()
      if (isThenable(closing)) return void this.#awaitClose(closing)
    } catch (error) {
      this.#closeFailed(error)
    }
    this.exchange.release?.()
  }

  async #awaitClose(closing: PromiseLike<unknown>): Promise<void> {
    try {
      await closing
    } catch (error) {
      this.#closeFailed(error)
    }
    this.exchange.release?.()
  }

  #closeFailed(error: unknown): void {
    this.report(error, 'close() of the response body failed')
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

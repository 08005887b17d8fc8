import { toError } from '../../errors.js'
import type { Exchange } from '../../http/exchange.js'
import { ApplicationBreach, BodyTooLarge, ClientGone, requestFacts } from '../failure.js'
import type { GatewayLog } from '../log.js'
import { Body, hasClose } from './body.js'
import { checkChunk, checkChunks, isChunk } from './chunk.js'
import { sendEarlyHints } from './early-hints.js'
import { makeEnviron, type Services, type Surroundings } from './environ.js'
import { errorPage, statusFor } from './error-page.js'
import { makeHead } from './head.js'
import { looksLikeNodeHandler, NODE_HINT, NothingAnswered } from './hint.js'
import { RequestInput } from './input.js'
import { pump } from './pump.js'
import { Response } from './response.js'
import type { Application, Headers, Write } from './types.js'

/** What all calls of a gateway share. */
export interface CallContext {
  readonly application: Application
  readonly around: Surroundings
  readonly log: GatewayLog
  readonly bodyLimit: number
  /** The interface was guessed, so that a failure may be due to the guess. */
  readonly guessed: boolean
}

/** One call of the application, from the environ to `close()`. */
export class Call implements Services {
  readonly input: RequestInput
  readonly #exchange: Exchange
  readonly #context: CallContext
  readonly #response: Response
  #body: Body | undefined
  #abort: AbortController | undefined

  constructor(exchange: Exchange, context: CallContext) {
    this.#exchange = exchange
    this.#context = context
    this.input = new RequestInput(exchange, context.bodyLimit)
    this.#response = new Response(exchange, this.input)
  }

  /** Never throws. What is known at once is answered at once, without a promise. */
  run(): void {
    try {
      const environ = makeEnviron(this.#exchange, this, this.#context.around)
      this.#exchange.environ = environ
      this.input.declare(environ.CONTENT_LENGTH, environ.HTTP_TRANSFER_ENCODING)
      const returned: unknown = this.#context.application(environ, (status, headers, excInfo) =>
        this.#start(status, headers, excInfo),
      )
      if (isThenable(returned)) this.#await(returned)
      else this.#accept(returned)
    } catch (error) {
      this.#fail(error)
    }
  }

  get signal(): AbortSignal {
    this.#abort ??= this.#watchClient()
    return this.#abort.signal
  }

  earlyHints(headers: Headers): void {
    if (!this.#response.headSent && !this.#response.gone) sendEarlyHints(this.#exchange, headers)
  }

  #start(status: unknown, headers: unknown, excInfo: unknown): Write {
    const response = this.#response
    const again = excInfo !== undefined && excInfo !== null
    if (response.headSent && again) throw excInfo
    if (response.head !== undefined && !again) throw new ApplicationBreach('startResponse was called twice')
    if (response.ended) throw new ApplicationBreach('startResponse was called after the response had ended')
    const head = makeHead(status, headers)
    if (head.dropped !== undefined) this.#complain(`hop-by-hop headers are not sent: ${head.dropped.join(', ')}`)
    response.head = head
    return chunk => this.#write(chunk)
  }

  #write(chunk: unknown): void {
    checkChunk(chunk, 'write() was given')
    if (this.#response.ended) this.#complain('write() was called after the response had ended')
    else if (!this.#response.gone) this.#response.write(chunk)
  }

  #await(promise: PromiseLike<unknown>): void {
    promise.then(
      returned => {
        try {
          this.#accept(returned)
        } catch (error) {
          this.#fail(error)
        }
      },
      (error: unknown) => this.#fail(error),
    )
  }

  #accept(returned: unknown): void {
    if (returned === undefined && this.#response.head === undefined) throw new NothingAnswered()
    if (isChunk(returned)) this.#answer([returned])
    else if (Array.isArray(returned) && !hasClose(returned)) this.#answer(returned)
    else this.#stream(new Body(returned))
  }

  /** The fast path: all of the body is there. */
  #answer(chunks: readonly unknown[]): void {
    checkChunks(chunks)
    const response = this.#response
    if (response.gone) return
    if (!response.headSent) return this.#end(response.sendWhole(chunks))
    for (const chunk of chunks) response.write(chunk)
    this.#end(response.finish())
  }

  #stream(body: Body): void {
    this.#body = body
    const { res } = this.#exchange
    if (!this.#response.gone) res.once('close', () => this.#close())
    this.#listenForAbort()
    pump(body, this.#response, res)
      .then(() => {
        if (!this.#response.gone) this.#end(this.#response.finish())
        this.#close()
      })
      .catch((error: unknown) => this.#fail(error))
  }

  /** @param complete  the body was as long as its Content-Length said */
  #end(complete: boolean): void {
    if (!complete) this.#complain('the body is shorter than its Content-Length: the connection is closed')
    if (this.#response.overflowed) this.#complain('the body is longer than its Content-Length: the rest is not sent')
    if (this.#response.droppedBody) this.#complain('a response with this status has no body: it is not sent')
  }

  #fail(error: unknown): void {
    const response = this.#response
    this.#logFailure(error)
    if (!response.ended && !response.gone) {
      if (response.headSent) response.cut()
      else this.#sendPage(error)
    }
    this.#close()
  }

  #logFailure(error: unknown): void {
    const { log } = this.#context
    if (this.#response.gone && this.#isExpected(error)) log.debug(this.#facts(error), 'the client went away')
    else if (error instanceof BodyTooLarge) log.info(this.#facts(error), 'a request was refused')
    else log.error(this.#facts(error), this.#failureMessage(error))
  }

  /** The application was told that nobody waits for it any more, and passes that on. */
  #isExpected(error: unknown): boolean {
    const isAbort = error instanceof Error && error.name === 'AbortError'
    return isAbort || error instanceof ClientGone || (this.#abort !== undefined && error === this.#abort.signal.reason)
  }

  #sendPage(error: unknown): void {
    const page = errorPage(statusFor(error))
    this.#response.head = page.head
    this.#response.sendWhole([page.text])
  }

  #failureMessage(error: unknown): string {
    const started = this.#response.head !== undefined
    const message = this.#response.headSent
      ? 'the application failed after the head of the response'
      : 'the application failed'
    return this.#context.guessed && looksLikeNodeHandler(error, started) ? `${message}; ${NODE_HINT}` : message
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
    this.#context.log.error(this.#facts(error), 'close() of the response body failed')
  }

  /** A breach that the response survives. */
  #complain(breach: string): void {
    this.#context.log.error(this.#facts(new ApplicationBreach(breach)), breach)
  }

  #facts(error: unknown): object {
    return { err: toError(error), ...requestFacts(this.#exchange) }
  }

  /** The worker answers in place of an application that takes too long: it need not go on. */
  #listenForAbort(): void {
    this.#exchange.abort = reason => {
      this.#abort?.abort(reason)
      this.#close()
    }
  }

  #watchClient(): AbortController {
    const abort = new AbortController()
    const { res } = this.#exchange
    this.#listenForAbort()
    if (this.#response.gone) abort.abort()
    else {
      res.once('close', () => {
        if (!res.writableFinished) abort.abort()
      })
    }
    return abort
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

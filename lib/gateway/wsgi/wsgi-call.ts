import type { Exchange } from '../../http/exchange.js'
import type { Logger } from '../../logging/log.js'
import { ApplicationBreach } from '../failure.js'
import type { Background } from '../gateway.js'
import { hasClose } from '../wire/body.js'
import { Call } from '../wire/call.js'
import { checkChunk, isChunk } from '../wire/chunk.js'
import { sendEarlyHints } from '../wire/early-hints.js'
import { makeHead } from '../wire/head.js'
import { makeEnviron, type Services, type Surroundings } from './environ.js'
import { isFile } from './file-wrapper.js'
import { hintFor, isResponse, NothingAnswered, ResponseReturned } from './hint.js'
import { RequestInput } from './input.js'
import type { Application, Headers, Write } from './types.js'

/** What all calls of a gateway share. */
export interface WsgiCalls {
  readonly application: Application
  readonly around: Surroundings
  readonly log: Logger
  readonly background: Background | undefined
  /** The interface is a guess that no call of startResponse has confirmed yet: a failure may be due to it. */
  guessed: boolean
}

/** One call of the application, from the environ to `close()`. */
export class WsgiCall extends Call implements Services {
  readonly input: RequestInput
  readonly #context: WsgiCalls

  constructor(exchange: Exchange, context: WsgiCalls) {
    super(exchange, context.log, context.background)
    this.input = new RequestInput(exchange)
    this.#context = context
  }

  /** Never throws. A result that is no promise is answered in the same turn of the event loop. */
  run(): void {
    try {
      const environ = makeEnviron(this.exchange, this, this.#context.around)
      this.exchange.environ = environ
      const returned: unknown = this.#context.application(environ, (status, headers, excInfo) =>
        this.#start(status, headers, excInfo),
      )
      this.settle(returned)
    } catch (error) {
      this.fail(error)
    }
  }

  earlyHints(headers: Headers): void {
    if (!this.outgoing.headSent && !this.outgoing.gone) sendEarlyHints(this.exchange, headers)
  }

  #start(status: unknown, headers: unknown, excInfo: unknown): Write {
    const { outgoing } = this
    const again = excInfo !== undefined && excInfo !== null
    if (outgoing.headSent && again) throw excInfo
    if (outgoing.head !== undefined && !again) throw new ApplicationBreach('startResponse was called twice')
    if (outgoing.ended) throw new ApplicationBreach('startResponse was called after the response had ended')
    this.begin(makeHead(status, headers))
    this.#context.guessed = false
    return chunk => this.#write(chunk)
  }

  #write(chunk: unknown): void {
    checkChunk(chunk, 'write() was given')
    if (this.outgoing.ended) this.complain('write() was called after the response had ended')
    else if (!this.outgoing.gone) this.outgoing.write(chunk)
  }

  protected override accept(returned: unknown): void {
    if (returned === undefined && this.outgoing.head === undefined) throw new NothingAnswered()
    if (isChunk(returned)) this.answer([returned])
    else if (Array.isArray(returned) && !hasClose(returned)) this.answer(returned)
    else if (isResponse(returned)) throw new ResponseReturned()
    else this.stream(returned)
  }

  /** Of a file, the server reads and sends what is left: the application is done. */
  protected override stream(iterable: unknown): void {
    if (isFile(iterable)) {
      this.outgoing.sendDirectly()
      this.exchange.release?.()
    }
    super.stream(iterable)
  }

  protected override failureMessage(error: Error): string {
    const message = super.failureMessage(error)
    const hint = this.#context.guessed ? hintFor(error) : undefined
    return hint === undefined ? message : `${message}; ${hint}`
  }
}

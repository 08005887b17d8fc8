import { BodyTooLarge } from '../../http/errors.js'
import type { Exchange } from '../../http/exchange.js'
import type { Logger } from '../../logging/log.js'
import type { Body } from '../wire/body.js'
import { Call } from '../wire/call.js'
import { isChunk } from '../wire/chunk.js'
import { headOf } from '../wire/head.js'
import type { Background } from './background.js'
import { CallContext, type Keeper } from './call-context.js'
import { LightRequest, type RequestSource } from './light-request.js'
import type { Parts } from './light-response.js'
import { partsOf } from './parts.js'
import { relay } from './relay.js'
import { RequestBody } from './request-body.js'
import type { FetchApplication } from './types.js'
import { urlOf } from './url.js'

/** What all calls of a gateway share. */
export interface FetchCalls {
  readonly application: FetchApplication
  readonly background: Background
  readonly log: Logger
}

/** By this header a handler for @hono/node-server says that it answers through `outgoing`. */
const ALREADY_SENT = 'x-hono-already-sent'

/** Frameworks ask for chunks and for a kept connection. The server decides about both, and no word is made of it. */
const EXPECTED = /^(?:connection|keep-alive|transfer-encoding)$/i

/** One call of the handler, from the `Request` to the end of the `Response`. */
export class FetchCall extends Call implements RequestSource, Keeper {
  readonly body: RequestBody | undefined = undefined
  readonly context: CallContext
  readonly #calls: FetchCalls
  /** It was answered without its handler, which may still go on. */
  #isRefused = false

  constructor(exchange: Exchange, calls: FetchCalls) {
    super(exchange, calls.log)
    if (exchange.head.bodyLength > 0) this.body = new RequestBody(exchange.body, error => this.fail(error))
    this.context = new CallContext(this)
    this.#calls = calls
  }

  /** Never throws. What is known at once is answered at once, without a promise. */
  run(): void {
    const { context } = this
    try {
      const url = urlOf(this.exchange)
      if (url === undefined) return this.#refuse('invalid Host or target')
      const request = asRequest(new LightRequest(this, url))
      this.settle(this.#calls.application.fetch(request, context, context))
    } catch (error) {
      this.fail(error)
    }
  }

  keep(promise: PromiseLike<unknown>): void {
    this.#calls.background.add(promise, error => this.report(error, 'a promise given to waitUntil was rejected'))
  }

  #refuse(why: string): void {
    this.exchange.refusal = { status: 400, why }
    this.exchange.answer.refuse(400)
  }

  protected override accept(returned: unknown): void {
    const { status, statusText, fields, body, length } = partsOf(returned)
    // The handler has answered by its own means, through `outgoing`; or the worker has, in its place.
    if (this.exchange.answer.headSent || (body === null && fields.includes(ALREADY_SENT))) return discard(body)
    const head = headOf(status, statusText, fields)
    if (length !== undefined && head.contentLength < 0) head.add('content-length', String(length))
    this.begin(head)
    if (body === null) this.answer([])
    else if (isChunk(body)) this.answer([body])
    else this.stream(body)
  }

  protected override dropped(names: readonly string[]): void {
    const others = names.filter(name => !EXPECTED.test(name))
    if (others.length > 0) super.dropped(others)
  }

  protected override transmit(body: Body): Promise<boolean> {
    const { outgoing } = this
    return outgoing.bodyless ? Promise.resolve(outgoing.finish()) : relay(body, outgoing)
  }

  /** A body that is too large is answered at once: frameworks make a 500 of every error. */
  protected override fail(error: unknown): void {
    if (this.#isRefused) return
    this.#isRefused = error instanceof BodyTooLarge
    super.fail(error)
  }
}

/** Nobody will read it. */
function discard(body: Parts['body']): void {
  if (body instanceof ReadableStream && !body.locked) body.cancel().catch(() => {})
}

/** It has all that the type has; a class that says so would have to have it twice. */
function asRequest(request: LightRequest): Request {
  return request as unknown as Request
}

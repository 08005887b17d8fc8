import { toError } from '../../errors.js'
import { BodyTooLarge } from '../../http/errors.js'
import type { Exchange } from '../../http/exchange.js'
import { mountOf } from '../../http/mount.js'
import type { Logger } from '../../logging/log.js'
import type { Background } from '../gateway.js'
import type { Body } from '../wire/body.js'
import { Call } from '../wire/call.js'
import { isChunk } from '../wire/chunk.js'
import { headOf } from '../wire/head.js'
import { type HandlerCall, HandlerContext } from './handler-context.js'
import { LightRequest } from './light-request.js'
import type { Parts } from './light-response.js'
import { partsOf } from './parts.js'
import { relay } from './relay.js'
import { RequestBody } from './request-body.js'
import type { FetchApplication } from './types.js'
import { urlOf } from './url.js'

/** What all calls of a gateway share. */
export interface FetchCalls {
  readonly application: FetchApplication
  /** Work that goes on after its response, and may add more of its kind. The worker waits for it before it exits. */
  readonly kept: Set<Promise<void>>
  readonly log: Logger
  readonly background: Background | undefined
  /** The path at which the application is mounted, unless a trusted proxy tells of another one. */
  readonly rootPath: string | undefined
}

/** The header with which a handler for @hono/node-server says that it answers through `outgoing`. */
const ALREADY_SENT = 'x-hono-already-sent'

/** Headers that frameworks set though the server decides about them: they are dropped without a line in the log. */
const EXPECTED = /^(?:connection|keep-alive|transfer-encoding)$/i

/** One call of a handler, from its `Request` to the end of its `Response`. */
export class FetchCall extends Call implements HandlerCall {
  readonly body: RequestBody | undefined = undefined
  readonly context: HandlerContext
  readonly rootPath: string
  readonly #calls: FetchCalls
  /** Whether the server has answered in place of the handler, which may still be at work. */
  #isRefused = false

  constructor(exchange: Exchange, calls: FetchCalls) {
    super(exchange, calls.log, calls.background)
    if (exchange.head.bodyLength > 0) this.body = new RequestBody(exchange.body, error => this.fail(error))
    this.context = new HandlerContext(this)
    this.rootPath = mountOf(exchange.peer, calls.rootPath)
    this.#calls = calls
  }

  /** Calls the handler. Never throws. A response that is there at once is sent at once, without a promise. */
  run(): void {
    const { context, exchange, rootPath } = this
    try {
      // It has all members of the type by `inherit`; a class that implements the type would have to declare them again.
      const request = new LightRequest(this, urlOf(exchange, rootPath)) as unknown as Request
      this.settle(this.#calls.application.fetch(request, context, context))
    } catch (error) {
      this.fail(error)
    }
  }

  keep(promise: PromiseLike<unknown>): void {
    const { kept } = this.#calls
    const failed = (error: unknown): void => this.report(error, 'a promise given to waitUntil was rejected')
    const work: Promise<void> = Promise.resolve(promise).then(() => {}, failed)
    kept.add(work)
    void work.then(() => kept.delete(work))
  }

  protected override accept(returned: unknown): void {
    const { status, statusText, fields, body, length } = partsOf(returned)
    // The handler has answered through `outgoing`, or the server has answered in its place.
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

  protected override transmit(body: Body): Promise<void> {
    const { outgoing } = this
    return outgoing.bodyless ? Promise.resolve(outgoing.finish()) : relay(body, outgoing)
  }

  /** Answers a body that is too large itself, since frameworks turn every error into a 500. */
  protected override fail(thrown: unknown): void {
    if (this.#isRefused) return
    const error = toError(thrown)
    this.#isRefused = error instanceof BodyTooLarge
    super.fail(error)
  }
}

/** Cancels a stream that will not be sent. */
function discard(body: Parts['body']): void {
  if (body instanceof ReadableStream && !body.locked) body.cancel().catch(() => {})
}

import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { muzzle } from '../node/response.js'
import type { NodeObjects } from '../node/types.js'
import { Http2Exchange, type Session } from './exchange.js'
import type { Http2Head } from './head.js'
import { WatchedRequest, WatchedResponse } from './node-objects.js'

/** An exchange for applications of the node interface, which answer by Node's compatibility objects. */
export class Http2NodeExchange extends Http2Exchange {
  readonly #headers: IncomingHttpHeaders
  #req: WatchedRequest | undefined
  #res: WatchedResponse | undefined
  #node: NodeObjects | undefined

  constructor(session: Session, stream: ServerHttp2Stream, head: Http2Head, headers: IncomingHttpHeaders) {
    super(session, stream, head)
    this.#headers = headers
  }

  /** Made when they are asked for: a static file needs none. */
  override get node(): NodeObjects {
    this.#node ??= this.#makeObjects()
    return this.#node
  }

  #makeObjects(): NodeObjects {
    const { stream, head } = this
    const req = new WatchedRequest(stream, this.#headers, {}, head.raw)
    const res = new WatchedResponse(stream)
    this.#req = req
    this.#res = res
    // Nothing reads trailers.
    stream.removeAllListeners('trailers')
    // An application that reads on behind its answer may.
    if (head.bodyLength > 0) stream.once('finish', () => stream.readableFlowing !== true && this.source.abandon())
    const expects = head.field('expect') === undefined ? undefined : 'continue'
    // What Node documents to be used in place of each other, and its types do not know.
    return { req, res, expects } as unknown as NodeObjects
  }

  override get headSent(): boolean {
    return super.headSent || this.stream.headersSent
  }

  override get statusCode(): number {
    return super.statusCode || Number(this.stream.sentHeaders?.[':status'] ?? 0)
  }

  override get ended(): boolean {
    return super.ended || this.#res?.writableEnded === true
  }

  override get bytes(): number {
    if (!this.#res) return super.bytes
    return this.head.allowsBody(this.statusCode) ? super.bytes + this.#res.written : 0
  }

  override get awaitsReader(): boolean {
    return this.#res ? this.stream.writableLength > 0 : super.awaitsReader
  }

  override get held(): number {
    return this.#res?.held ?? super.held
  }

  override get taken(): number {
    return this.#res?.taken ?? super.taken
  }

  override get awaitedBody(): { readonly received: number } | undefined {
    if (!this.#req) return super.awaitedBody
    return this.#req.isAwaited ? this.#req : undefined
  }

  override cut(): void {
    super.cut()
    if (this.#node) muzzle(this.#node.res)
  }

  override refuse(status: number): void {
    super.refuse(status)
    if (this.#node) muzzle(this.#node.res)
  }
}

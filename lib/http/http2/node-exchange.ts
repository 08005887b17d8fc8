import { Http2ServerRequest, Http2ServerResponse, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { muzzle } from '../node/response.js'
import type { NodeObjects } from '../node/types.js'
import { Http2Exchange, type Session } from './exchange.js'
import type { Http2Head } from './head.js'
import { StreamWatch } from './stream-watch.js'

/** An exchange for applications of the node interface, which answer by Node's compatibility objects. */
export class Http2NodeExchange extends Http2Exchange {
  readonly #headers: IncomingHttpHeaders
  #node: NodeObjects | undefined
  #watch: StreamWatch | undefined

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
    this.#watch = new StreamWatch(stream)
    const req = new Http2ServerRequest(stream, this.#headers, {}, head.raw)
    const res = new Http2ServerResponse(stream)
    // Nobody has looked at them.
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
    return super.ended || this.#node?.res.writableEnded === true
  }

  override get bytes(): number {
    if (!this.#watch) return super.bytes
    return this.head.allowsBody(this.statusCode) ? super.bytes + this.#watch.written : 0
  }

  override get awaitsReader(): boolean {
    return this.#watch?.awaitsReader ?? super.awaitsReader
  }

  override get taken(): number {
    return this.#watch?.taken ?? super.taken
  }

  override get awaitedBody(): { readonly received: number } | undefined {
    if (!this.#watch || !this.#node) return super.awaitedBody
    return this.#watch.awaitsBody && this.#node.req.readableLength === 0 ? this.#watch : undefined
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

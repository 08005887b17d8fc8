import type { HandlerCall } from './handler-context.js'
import { LightHeaders } from './light-headers.js'
import { inherit, NativeRequest, NativeResponse } from './native.js'
import type { RequestBody } from './request-body.js'
import type { FetchContext } from './types.js'

/** Members that srvx gives to the frameworks which are built on it, such as h3. */
const OF_SRVX: Readonly<Record<string, (context: FetchContext, outgoing: unknown) => unknown>> = {
  ip: context => context.remoteAddress,
  waitUntil: context => context.waitUntil,
  runtime: ({ incoming }, res) => ({ name: 'node', node: { req: incoming, res } }),
}

/** A `Request` made of the server's objects, at next to no cost; a native one is made, once, for what only that has. */
export class LightRequest {
  readonly #call: HandlerCall
  readonly #url: string
  #headers: LightHeaders | undefined
  #native: Request | undefined
  /** Whether the body was read without the native request. */
  #used = false

  constructor(call: HandlerCall, url: string) {
    this.#call = call
    this.#url = url
  }

  static is(value: unknown): value is LightRequest {
    return typeof value === 'object' && value !== null && #call in value
  }

  /** The native `Request` for this one. It has the body unless that was used before. */
  static native(request: LightRequest): Request {
    request.#native ??= request.#materialize()
    return request.#native
  }

  get method(): string {
    return this.#call.exchange.head.method
  }

  get url(): string {
    return this.#url
  }

  get headers(): LightHeaders {
    this.#headers ??= new LightHeaders(this.#call.exchange.head)
    return this.#headers
  }

  get signal(): AbortSignal {
    return this.#call.signal
  }

  get body(): ReadableStream | null {
    return this.#body === undefined ? null : LightRequest.native(this).body
  }

  get bodyUsed(): boolean {
    return this.#used || this.#native?.bodyUsed === true
  }

  text(): Promise<string> {
    return this.#native?.text() ?? this.#consume(textOf)
  }

  json(): Promise<unknown> {
    return this.#native?.json() ?? this.#consume(bytes => JSON.parse(textOf(bytes)))
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#native?.arrayBuffer() ?? this.#consume(bytes => new Uint8Array(bytes).buffer)
  }

  bytes(): Promise<Uint8Array> {
    return this.arrayBuffer().then(buffer => new Uint8Array(buffer))
  }

  blob(): Promise<Blob> {
    return this.#native?.blob() ?? this.#consume(bytes => this.#response(bytes).blob())
  }

  formData(): Promise<FormData> {
    return this.#native?.formData() ?? this.#consume(bytes => this.#response(bytes).formData())
  }

  clone(): Request {
    if (this.bodyUsed) throw new TypeError('a Request whose body was used cannot be cloned')
    return LightRequest.native(this).clone()
  }

  // Frameworks set these when they pass a request on under another URL.
  static {
    for (const [name, find] of Object.entries(OF_SRVX)) {
      Object.defineProperty(LightRequest.prototype, name, {
        configurable: true,
        get(this: LightRequest) {
          return find(this.#call.context, this.#call.exchange.node?.res)
        },
        set(this: LightRequest, value: unknown) {
          Object.defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true })
        },
      })
    }
  }

  /** In the Fetch Standard a request with one of these methods has no body. */
  get #body(): RequestBody | undefined {
    return this.method === 'GET' || this.method === 'HEAD' ? undefined : this.#call.body
  }

  #consume<Result>(convert: (bytes: Buffer) => Result | Promise<Result>): Promise<Result> {
    if (this.#used) return Promise.reject(new TypeError('the body of this Request was used before'))
    const body = this.#body
    if (body === undefined) return Promise.resolve(Buffer.alloc(0)).then(convert)
    this.#used = true
    return body.bytes().then(convert)
  }

  /** A native response, which reads a body according to its content type. */
  #response(bytes: Buffer): Response {
    const type = this.headers.get('content-type')
    return new NativeResponse(bytes, type === null ? {} : { headers: { 'content-type': type } })
  }

  #materialize(): Request {
    const { method, signal } = this
    const body = this.#used ? undefined : this.#body?.stream()
    const headers = LightHeaders.native(this.headers)
    const native = new NativeRequest(this.#url, { method, headers, signal, ...(body && { body, duplex: 'half' }) })
    LightHeaders.adopt(this.headers, native.headers)
    return native
  }
}

inherit(LightRequest, NativeRequest, LightRequest.native)

/** Decodes UTF-8, without a byte order mark (Encoding Standard, "UTF-8 decode"). */
function textOf(bytes: Buffer): string {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return bytes.toString('utf8', isMarked ? 3 : 0)
}

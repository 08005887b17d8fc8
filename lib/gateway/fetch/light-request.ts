import type { Exchange } from '../../http/exchange.js'
import type { CallContext } from './call-context.js'
import { LightHeaders } from './light-headers.js'
import { inherit, NativeRequest, NativeResponse } from './native.js'
import type { RequestBody } from './request-body.js'

/** Where a request has its parts from. */
export interface RequestSource {
  readonly exchange: Exchange
  readonly body: RequestBody | undefined
  readonly context: CallContext
  readonly signal: AbortSignal
}

/**
 * A `Request` that is made of the server's own objects, and so costs next to nothing. It becomes a real one, once, when something
 * is wanted of it that only a real one has.
 */
export class LightRequest {
  readonly #source: RequestSource
  readonly #url: string
  #headers: LightHeaders | undefined
  #native: Request | undefined
  /** The body was read without the native request. */
  #used = false

  constructor(source: RequestSource, url: string) {
    this.#source = source
    this.#url = url
  }

  static is(value: unknown): value is LightRequest {
    return typeof value === 'object' && value !== null && #source in value
  }

  /** Node's own `Request` for this one; has the body if that was not used before. */
  static native(request: LightRequest): Request {
    request.#native ??= request.#materialize()
    return request.#native
  }

  get method(): string {
    return this.#source.exchange.head.method
  }

  get url(): string {
    return this.#url
  }

  get headers(): LightHeaders {
    this.#headers ??= new LightHeaders(this.#source.exchange.head)
    return this.#headers
  }

  get signal(): AbortSignal {
    return this.#source.signal
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

  // What srvx gives to the frameworks that are built on it, h3 among them.

  get ip(): string | undefined {
    return this.#source.context.remoteAddress
  }

  get waitUntil(): (promise: PromiseLike<unknown>) => void {
    return this.#source.context.waitUntil
  }

  get runtime(): object {
    const { context } = this.#source
    return { name: 'node', node: { req: context.incoming, res: context.outgoing } }
  }

  /** With these methods there is none in the Fetch Standard. */
  get #body(): RequestBody | undefined {
    return this.method === 'GET' || this.method === 'HEAD' ? undefined : this.#source.body
  }

  #consume<Result>(convert: (bytes: Buffer) => Result | Promise<Result>): Promise<Result> {
    if (this.#used) return Promise.reject(new TypeError('the body of this Request was used before'))
    const body = this.#body
    if (body === undefined) return Promise.resolve(Buffer.alloc(0)).then(convert)
    this.#used = true
    return body.bytes().then(convert)
  }

  /** Knows how to read a body by its content type. */
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

for (const name of ['ip', 'waitUntil', 'runtime']) makeWritable(name)
inherit(LightRequest, NativeRequest, LightRequest.native)

/** Frameworks that pass a request on under another URL set these. */
function makeWritable(name: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(LightRequest.prototype, name)
  Object.defineProperty(LightRequest.prototype, name, {
    ...descriptor,
    set(this: LightRequest, value: unknown) {
      Object.defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true })
    },
  })
}

/** UTF-8, without a byte order mark (Encoding Standard, "UTF-8 decode"). */
function textOf(bytes: Buffer): string {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return bytes.toString('utf8', isMarked ? 3 : 0)
}

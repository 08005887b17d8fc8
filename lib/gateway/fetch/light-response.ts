import { isAnyArrayBuffer, isArrayBufferView } from 'node:util/types'
import { isDisturbed } from '../wire/web-stream-body.js'
import { type Fields, fieldsOf, hasField, listed, NO_FIELDS } from './fields.js'
import { headersFrom } from './light-headers.js'
import { type BodyInit, inherit, NativeResponse } from './native.js'

/** A body that is complete in memory. */
export type Whole = string | Uint8Array

/** Status, headers and body of a response, ready to be sent. */
export interface Parts {
  readonly status: number
  readonly statusText: string
  readonly fields: Fields
  readonly body: Whole | ReadableStream | AsyncIterable<unknown> | null
  /** The length of a stream in bytes, if it is known. */
  readonly length?: number | undefined
}

const TEXT = 'text/plain;charset=UTF-8'
const FORM = 'application/x-www-form-urlencoded;charset=UTF-8'
const TEXT_ONLY: Fields = ['content-type', TEXT]
const JSON_ONLY: Fields = ['content-type', 'application/json']
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/
/** Fetch Standard, "null body status". */
const NULL_BODY = new Set([101, 103, 204, 205, 304])

/** The whole bodies for which streams were made: middleware puts such a stream into a new response. */
const wholes = new WeakMap<ReadableStream, Whole>()

/**
 * A `Response` that keeps what it was made of, to be sent as it is. A native one costs more than all the rest of a
 * request: it is made, once, if the application uses something that only that has.
 */
export class LightResponse {
  #body: Whole | ReadableStream | null
  #status = 200
  #statusText = ''
  #fields: Fields
  #length: number | undefined
  /** Holds the fields instead of `#fields`, once the application has asked for it. */
  #headers: Headers | undefined
  /** A whole body as a stream, likewise. */
  #stream: ReadableStream | undefined
  #native: Response | undefined
  #sent = false

  /** @throws TypeError and RangeError, as the native constructor does */
  constructor(body?: unknown, init?: unknown) {
    if (typeof body === 'string') {
      this.#body = body
      this.#fields = TEXT_ONLY
    } else {
      const made = bodyOf(body)
      this.#body = made.body
      this.#length = made.length
      this.#fields = made.type ? ['content-type', made.type] : NO_FIELDS
    }
    if (init !== undefined && init !== null) this.#take(init)
  }

  static is(value: unknown): value is LightResponse {
    return typeof value === 'object' && value !== null && #sent in value
  }

  /** Takes what is to be sent; undefined if the body was used before. From now on it is used. */
  static take(response: LightResponse): Parts | undefined {
    if (response.bodyUsed || response.#stream?.locked) return undefined
    const body = response.#body
    if (body !== null) response.#sent = true
    return {
      status: response.#status,
      statusText: response.#statusText,
      fields: response.#currentFields(),
      body,
      length: response.#length,
    }
  }

  static native(response: LightResponse): Response {
    response.#native ??= new NativeResponse(response.body, response)
    return response.#native
  }

  static json(data: unknown, init?: unknown): LightResponse {
    const text: string | undefined = JSON.stringify(data)
    if (text === undefined) throw new TypeError('the value cannot be written as JSON')
    const response = new LightResponse(null, init)
    if (!hasField(response.#fields, 'content-type')) response.#fields = [...response.#fields, ...JSON_ONLY]
    response.#body = text
    response.#checkBody()
    return response
  }

  get status(): number {
    return this.#status
  }

  get statusText(): string {
    return this.#statusText
  }

  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299
  }

  get headers(): Headers {
    this.#headers ??= headersFrom(this.#fields)
    return this.#headers
  }

  get body(): ReadableStream | null {
    const body = this.#body
    if (body === null || body instanceof ReadableStream) return body
    this.#stream ??= this.#native?.body ?? streamOf(body)
    return this.#stream
  }

  get bodyUsed(): boolean {
    if (this.#sent) return true
    if (this.#native !== undefined) return this.#native.bodyUsed
    const stream = this.#body instanceof ReadableStream ? this.#body : this.#stream
    return stream !== undefined && isDisturbed(stream)
  }

  clone(): LightResponse {
    const stream = this.#body instanceof ReadableStream ? this.#body : this.#stream
    if (this.bodyUsed || stream?.locked) throw new TypeError('a Response whose body was used cannot be cloned')
    const copy = new LightResponse(null, this)
    copy.#body = this.#body
    copy.#length = this.#length
    if (this.#body instanceof ReadableStream) {
      ;[this.#body, copy.#body] = this.#body.tee()
      this.#native = undefined
    }
    return copy
  }

  #take(init: object): void {
    if (#fields in init) {
      this.#status = init.#status
      this.#statusText = init.#statusText
      this.#addFields(init.#currentFields())
    } else {
      const given: { status?: unknown; statusText?: unknown; headers?: unknown } = init
      if (given.status !== undefined) this.#status = statusOf(given.status)
      if (given.statusText !== undefined) this.#statusText = reasonOf(given.statusText)
      if (given.headers !== undefined) this.#addFields(fieldsOf(given.headers))
    }
    this.#checkBody()
  }

  #checkBody(): void {
    if (this.#body !== null && NULL_BODY.has(this.#status)) {
      throw new TypeError(`a Response with the status ${this.#status} has no body`)
    }
  }

  /** Keeps the content type that goes with the body, unless `fields` has one. */
  #addFields(fields: Fields): void {
    const own = this.#fields
    this.#fields = own.length === 0 || hasField(fields, 'content-type') ? fields : [...fields, ...own]
  }

  #currentFields(): Fields {
    return this.#headers === undefined ? this.#fields : listed(this.#headers)
  }
}

// What is the same in all responses that an application makes.
for (const [name, value] of Object.entries({ type: 'default', url: '', redirected: false })) {
  Object.defineProperty(LightResponse.prototype, name, { get: () => value, configurable: true })
}
inherit(LightResponse, NativeResponse, LightResponse.native)

/**
 * The body, and the content type and length that go with it (Fetch Standard, "extract a body"). Copies no bytes: they
 * are sent before the application can change them.
 */
function bodyOf(value: unknown): { body: Whole | ReadableStream | null; type?: string | null; length?: number } {
  if (value === null || value === undefined) return { body: null }
  if (value instanceof ReadableStream) return { body: wholes.get(fresh(value)) ?? value }
  if (value instanceof Uint8Array) return { body: value }
  if (isAnyArrayBuffer(value)) return { body: new Uint8Array(value) }
  if (isArrayBufferView(value)) return { body: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) }
  if (value instanceof URLSearchParams) return { body: String(value), type: FORM }
  if (value instanceof Blob) return { body: value.stream(), type: value.type, length: value.size }
  // FormData, iterables, and values that become strings.
  const native = new NativeResponse(value as BodyInit)
  return { body: native.body, type: native.headers.get('content-type') }
}

function fresh(stream: ReadableStream): ReadableStream {
  if (stream.locked || isDisturbed(stream)) throw new TypeError('the ReadableStream was read before, or is being read')
  return stream
}

function streamOf(whole: Whole): ReadableStream {
  const stream = new ReadableStream({
    type: 'bytes',
    pull(controller) {
      // A copy, since a stream of bytes takes over the memory of what it is given.
      const bytes = typeof whole === 'string' ? new TextEncoder().encode(whole) : new Uint8Array(whole)
      if (bytes.byteLength > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
  wholes.set(stream, whole)
  return stream
}

function statusOf(value: unknown): number {
  const status = Math.trunc(Number(value))
  if (status >= 200 && status <= 599) return status
  throw new RangeError(`illegal status ${String(value)} of a Response: wanted 200 to 599`)
}

function reasonOf(value: unknown): string {
  const reason = String(value)
  if (REASON.test(reason)) return reason
  throw new TypeError(`illegal statusText of a Response: ${JSON.stringify(reason)}`)
}

import { ChunkedReader, type DataSink } from '../../../lib/http/native/parser/chunked.js'
import { HeadReader, isRefusal } from '../../../lib/http/native/parser/head.js'
import type { HttpPolicy } from '../../../lib/http/policy.js'
import { bytesOf, checkTunnel, type Outcome, type Read } from './outcome.js'

/** The head of another connection, which the reader has read before: what it remembers of it must not matter. */
const BEFORE = bytesOf(
  ['GET / HTTP/1.1', 'Host: before', 'Transfer-Encoding: chunked', 'Connection: close', 'X: y', '', ''].join('\r\n'),
)

/** Reads the bytes of one connection by the readers of lib/http/native, and holds what they do not take. */
export class NativeStream implements Outcome, DataSink {
  readonly requests: Read[] = []
  refusal: Outcome['refusal']
  closed = false
  /** Bytes that were held back once at most: the same ones are given again with more. */
  held: Buffer = Buffer.alloc(0)
  readonly #policy: HttpPolicy
  readonly #heads: HeadReader
  #chunks: ChunkedReader | undefined
  #current: Read | undefined
  #left = 0
  #keepAlive = true

  constructor(policy: HttpPolicy) {
    this.#policy = policy
    this.#heads = new HeadReader(policy)
    this.#heads.read(BEFORE, 0, BEFORE.length)
  }

  /** Takes the next piece. */
  give(piece: Buffer): this {
    if (this.refusal || this.closed) return this
    // Never at the beginning of a buffer, and never in the same one.
    const bytes = Buffer.concat([Buffer.from('#'), this.held, piece])
    let at = 1
    while (!this.refusal && !this.closed) {
      const next = this.#step(bytes, at, bytes.length)
      if (next === at) break
      at = next
    }
    this.held = bytes.subarray(at)
    return this
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#current) this.#current.body += bytes.toString('latin1', start, end)
  }

  /** @returns the offset of what was not taken */
  #step(bytes: Buffer, start: number, end: number): number {
    if (!this.#current) return this.#readHead(bytes, start, end)
    const next = this.#chunks ? this.#readChunks(this.#chunks, bytes, start, end) : this.#readData(bytes, start, end)
    if (this.#current.complete) this.#over()
    return next
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    const head = this.#heads.read(bytes, start, end)
    if (head === undefined) return start
    this.refusal = isRefusal(head) ? head : checkTunnel(head.request)
    if (isRefusal(head) || this.refusal) return start
    const { request, framing, size } = head
    const { method, url, httpVersion, fields } = request
    this.#current = { method, url, httpVersion, fields, body: '', complete: framing.bodyLength === 0 }
    this.requests.push(this.#current)
    this.#chunks = framing.isChunked ? new ChunkedReader(this.#policy) : undefined
    this.#left = framing.isChunked ? 0 : framing.bodyLength
    this.#keepAlive = framing.keepAlive
    if (this.#current.complete) this.#over()
    return start + size
  }

  #readData(bytes: Buffer, start: number, end: number): number {
    const next = Math.min(end, start + this.#left)
    this.data(bytes, start, next)
    this.#left -= next - start
    if (this.#current) this.#current.complete = this.#left === 0
    return next
  }

  #readChunks(chunks: ChunkedReader, bytes: Buffer, start: number, end: number): number {
    const next = chunks.read(bytes, start, end, this)
    if (chunks.refusal) this.refusal = chunks.refusal
    if (this.#current) this.#current.complete = chunks.complete
    return next
  }

  #over(): void {
    this.#current = undefined
    this.closed = !this.#keepAlive
  }
}

/** @param ends  where the pieces end */
export function readNatively(bytes: Buffer, ends: readonly number[], policy: HttpPolicy): NativeStream {
  const stream = new NativeStream(policy)
  let start = 0
  for (const end of ends) {
    stream.give(bytes.subarray(start, end))
    start = end
  }
  return stream
}

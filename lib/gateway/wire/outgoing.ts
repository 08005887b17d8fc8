import type { Answer, Exchange } from '../../http/exchange.js'
import { ApplicationBreach } from '../failure.js'
import type { Background } from '../gateway.js'
import { Backlog } from './backlog.js'
import { type Chunk, cutTo, sizeOf } from './chunk.js'
import type { Head } from './head.js'

/** No Content-Length, or none is known yet. (A small integer: infinity would be an object for each response.) */
const UNLIMITED = -1

/** The response of an application: holds it to its Content-Length, and sends no body with a status that allows none. */
export class Outgoing {
  /** As the application gave it; it may be replaced until it is sent. */
  head: Head | undefined
  headSent = false
  ended = false
  /** The body was shorter than its Content-Length, and the connection closes. */
  fellShort = false
  /** The body was longer than its Content-Length, and the rest was not sent. */
  overflowed = false
  /** There was a body although the status allows none, and it was not sent. */
  droppedBody = false
  readonly #answer: Answer
  readonly #request: Exchange['head']
  /** Bytes that may still be sent, or UNLIMITED. */
  #left = UNLIMITED
  #backlog: Backlog | undefined
  /** All of the body was there with the head, and leaves together. */
  #isWhole = false

  /** @param background  if the application need not wait for its client */
  constructor({ answer, head }: Exchange, background?: Background) {
    this.#answer = answer
    this.#request = head
    if (background) this.#backlog = new Backlog(answer, background)
  }

  /** What is sent now is not the application's to wait for: nothing is kept of it, unless something was before. */
  sendDirectly(): void {
    if (!this.headSent) this.#backlog = undefined
  }

  /** No body follows the head, whatever the application returns (RFC 9112, section 6.3). */
  get bodyless(): boolean {
    return this.head !== undefined && !this.#request.allowsBody(this.head.status.code)
  }

  /** Nothing more of the body will be sent. */
  get full(): boolean {
    return this.overflowed || (this.headSent && this.bodyless)
  }

  /** Nothing can be sent any more: the client has gone, or the server has answered in its place (504). */
  get gone(): boolean {
    const answer = this.#answer
    return answer.gone || (answer.ended && !this.ended)
  }

  /** Sends a whole body. */
  sendWhole(chunks: readonly Chunk[]): void {
    let size = 0
    for (const chunk of chunks) size += sizeOf(chunk)
    if (this.#backlog?.takesWhole(size) === false) return this.#sendLarge(chunks, size)
    this.#sendHead(size)
    const only = chunks[0]
    if (chunks.length === 1 && only !== undefined && this.#fits(size) && !this.bodyless) this.#end(only)
    else {
      for (const chunk of chunks) this.write(chunk)
      this.#end()
    }
    this.fellShort = size < (this.head?.contentLength ?? 0) && !this.bodyless
  }

  /** Sends a whole body that may be too much for the client at once. */
  #sendLarge(chunks: readonly Chunk[], size: number): void {
    const { head } = this
    if (head && this.#wantsLength(head, size)) head.add('Content-Length', String(size))
    this.#sendHead()
    for (const chunk of chunks) this.write(chunk)
    this.finish()
  }

  /** Sends a chunk, before the first one the head. @returns false if the client is slow: wait for `drained` */
  write(chunk: Chunk): boolean {
    const size = sizeOf(chunk)
    if (size === 0) return true
    if (!this.headSent) this.#sendHead()
    if (this.bodyless) {
      this.droppedBody = this.#request.method !== 'HEAD'
      return true
    }
    if (!this.#fits(size)) {
      this.overflowed = true
      const part = cutTo(chunk, this.#left)
      this.#left = 0
      return part.length === 0 || this.#send(part)
    }
    if (this.#left !== UNLIMITED) this.#left -= size
    return this.#send(chunk)
  }

  #send(chunk: Chunk): boolean {
    return this.#backlog && !this.#isWhole ? this.#backlog.write(chunk) : this.#answer.write(chunk)
  }

  /** Sends the head by itself: the body will take its time. */
  flush(): void {
    if (!this.headSent) this.#sendHead()
    this.#answer.flush()
  }

  /** Resolves when the client has taken what was sent, or the response is over. */
  drained(): Promise<void> {
    return (this.#backlog ?? this.#answer).drained()
  }

  /** Ends the response. */
  finish(): void {
    if (!this.headSent) return this.sendWhole([])
    this.fellShort = this.#left > 0
    if (!this.fellShort) return this.#end()
    this.#endBy(() => this.#answer.endShort())
  }

  /** Ends the connection so that the client can tell that the body is not complete. */
  cut(): void {
    this.ended = true
    this.#answer.cut()
  }

  #fits(size: number): boolean {
    return this.#left === UNLIMITED || size <= this.#left
  }

  /** @param size  bytes of the body if all of it is there, else -1 */
  #sendHead(size = -1): void {
    const { head } = this
    if (head === undefined) throw new ApplicationBreach('the application did not call startResponse')
    if (size >= 0 && this.#wantsLength(head, size)) head.fields.push('Content-Length', String(size))
    else if (!this.bodyless && head.contentLength >= 0) this.#left = head.contentLength
    this.headSent = true
    this.#isWhole = size >= 0
    this.#answer.begin(head, size)
  }

  #wantsLength(head: Head, known: number): boolean {
    if (head.contentLength >= 0) return false
    // Without a body the length would be that of the response to a GET, which an empty body does not tell.
    return !this.bodyless || (known > 0 && head.status.code !== 204 && head.status.code !== 304)
  }

  #end(chunk?: Chunk): void {
    if (this.#backlog) return this.#endBy(() => this.#answer.end(chunk))
    this.ended = true
    this.#answer.end(chunk)
  }

  /** @param end  of the answer, behind all that was written */
  #endBy(end: () => void): void {
    this.ended = true
    if (this.#backlog) this.#backlog.finish(end)
    else end()
  }
}

import { FieldFacts } from '../../field-facts.js'
import { RequestHead } from '../../head.js'
import { checkExpect } from '../../head-rules.js'
import { checkContents, type HttpPolicy } from '../../policy.js'
import type { Refusal } from '../../refusal.js'
import { TORN } from './bytes.js'
import { FieldLines } from './fields.js'
import { type Framing, framingOf, isLength, type Present } from './framing.js'
import { isFirst, names } from './names.js'
import { RequestLine } from './request-line.js'

/** A complete head of a request that may be served. */
export interface Head {
  readonly request: RequestHead
  readonly framing: Framing
  /** Bytes of the head, with an empty line before it: its body, or the next request, begins behind them. */
  readonly size: number
}

/** Why a head is not served. Nothing of its connection is parsed again. */
export interface HeadRefusal extends Refusal {
  /** The head, if all of it was read; without its fields if only its first line was. */
  readonly head?: RequestHead
}

export function isRefusal(result: Head | HeadRefusal): result is HeadRefusal {
  return 'status' in result
}

/**
 * Reads the head of a request (RFC 9112, section 2.1) and checks it. A whole head and one that comes in pieces go the
 * same way: only whole lines are looked at, each once, so where the pieces were torn decides nothing. The reader keeps
 * offsets and no bytes: the caller keeps these until the head is complete.
 */
export class HeadReader {
  readonly #policy: HttpPolicy
  readonly #line: RequestLine
  readonly #fields: FieldLines
  #isInFields = false

  constructor(policy: HttpPolicy) {
    this.#policy = policy
    this.#line = new RequestLine(policy)
    this.#fields = new FieldLines(names, policy)
  }

  /** A part of a request was seen. An empty line before it begins nothing. */
  get begun(): boolean {
    return this.#isInFields || this.#line.begun
  }

  /**
   * Reads on. After a head or a refusal the reader is as new.
   * @param start  where the head begins, an empty line before it included
   * @returns undefined if the head is not complete: it has to be given again with what follows, from its beginning
   */
  read(bytes: Buffer, start: number, end: number): Head | HeadRefusal | undefined {
    const next = this.#readLines(bytes, start, end)
    if (next === TORN) return undefined
    const refusal = this.#line.refusal ?? this.#fields.refusal
    const result = refusal ? this.#refused(refusal, bytes, start, end) : this.#complete(bytes, start, next)
    this.#isInFields = false
    this.#line.begin()
    this.#fields.begin(0)
    return result
  }

  #readLines(bytes: Buffer, start: number, end: number): number {
    if (!this.#isInFields) {
      const next = this.#line.read(bytes, start, end)
      if (next < 0) return next
      this.#isInFields = true
      this.#fields.begin(next - start)
    }
    return this.#fields.read(bytes, start, end)
  }

  /** What is known of a head that is not read to its end goes into logs. */
  #refused(refusal: Refusal, bytes: Buffer, start: number, end: number): HeadRefusal {
    if (!this.#line.isKnown) return refusal
    const text = bytes.toString('latin1', start, Math.min(end, start + this.#line.targetEnd))
    return { ...refusal, head: new RequestHead(this.#lineOf(text), []) }
  }

  #lineOf(text: string): { method: string; url: string; httpVersion: string } {
    const { method, methodEnd, target, targetEnd, httpVersion } = this.#line
    return { method: text.slice(method, methodEnd), url: text.slice(target, targetEnd), httpVersion }
  }

  #complete(bytes: Buffer, start: number, end: number): Head | HeadRefusal {
    const text = bytes.toString('latin1', start, end)
    const line = this.#lineOf(text)
    const fields: string[] = []
    const keys: string[] = []
    const facts = new FieldFacts()
    const present = { connection: false, expect: false }
    const number = names.numberHead()
    let areDistinct = true
    for (let i = 0; i < this.#fields.count; i++) {
      const name = this.#fields.nameOf(i, text)
      const value = this.#fields.valueOf(i, text)
      fields.push(name.text, value)
      keys.push(name.key)
      if (!isFirst(name, number)) areDistinct = false
      const { field } = name
      if (field === undefined) continue
      if (field === 'connection' || field === 'expect') present[field] = true
      else facts.note(field, name.text, value)
      if ((field === 'content-length' || field === 'transfer-encoding') && this.#fields.hasTabBehind(i, text)) {
        return { status: 400, why: `tab behind ${name.text}` }
      }
    }
    const request = new RequestHead(line, fields, { facts, keys, areDistinct })
    const refusal = this.#check(request, present)
    if (refusal) return { ...refusal, head: request }
    return { request, framing: framingOf(request, present), size: end - start }
  }

  #check(head: RequestHead, present: Present): Refusal | undefined {
    const { contentLength } = head
    if (contentLength !== undefined && !isLength(contentLength)) {
      return { status: 400, why: `Content-Length: ${contentLength.slice(0, 40)}` }
    }
    const unknown = present.expect && head.httpVersion === '1.1' ? checkExpect(head) : undefined
    return unknown ?? checkContents(head, this.#policy)
  }
}

import type { Readable } from 'node:stream'
import { firstOf } from '../../sys/first-of.js'
import { BodyTooLarge, ClientGone } from '../errors.js'
import type { BodySource } from '../exchange.js'
import type { RequestHead } from '../head.js'
import { WORTH_DISCARDING } from '../policy.js'
import type { Refusal } from '../refusal.js'
import { limitRest } from './closing.js'
import type { NodeObjects } from './types.js'

type Owner = NodeObjects & { readonly head: RequestHead; readonly refusal: Refusal | undefined }

/** Takes a request body from `node:http` chunk by chunk, and sees to what was not read of it. */
export class NodeBody implements BodySource {
  readonly limit: number
  readonly #exchange: Owner
  /** Bytes that were read. */
  #received = 0
  #started = false

  constructor(exchange: Owner, limit: number) {
    this.#exchange = exchange
    this.limit = limit
  }

  get complete(): boolean {
    return this.#exchange.req.complete
  }

  async next(): Promise<Buffer | null> {
    this.#start()
    for (;;) {
      this.#check()
      const chunk: Buffer | null = this.#exchange.req.read()
      if (chunk !== null) return this.#count(chunk)
      if (this.#atEnd()) return null
      // Data, the end, or that neither will come.
      const { req, res } = this.#exchange
      await firstOf([req, 'readable'], [req, 'end'], [req, 'error'], [req, 'close'], [res, 'close'])
    }
  }

  stream(): Readable | undefined {
    if (this.#started || this.limit > 0) return undefined
    this.#start()
    return this.#exchange.req
  }

  /** The connection closes with the response rather than read the rest. @param ending  it ends with its first bytes */
  mustClose(ending: boolean): boolean {
    if (this.#exchange.expects === 'continue' && !this.#started) return true
    return (ending || !this.#started) && !this.complete && this.#remaining > WORTH_DISCARDING
  }

  /** The response has ended: what was not read is read away, or closes the connection. */
  abandon(): void {
    const { req, res } = this.#exchange
    // Not before `finish`: by then the rest may have come, and the next request may be running.
    const isLeft = this.#started || (!req.complete && this.#remaining > WORTH_DISCARDING)
    if (isLeft) res.once('finish', () => this.#discard())
  }

  #discard(): void {
    const { req } = this.#exchange
    if (req.socket.writableEnded) return
    // The head has said that the connection is kept, and the client may send its next request behind this one.
    if (!req.complete && this.#remaining > WORTH_DISCARDING) limitRest(req)
    // node:http itself reads away what was never touched. A pending read lets go of the stream at `finish`, hence the
    // wait.
    if (this.#started) setImmediate(() => req.resume())
  }

  get #remaining(): number {
    return this.#exchange.head.bodyLength - this.#received
  }

  #start(): void {
    if (this.#started) return
    this.#started = true
    const { expects, res } = this.#exchange
    if (expects === 'continue' && !res.headersSent && !res.destroyed) res.writeContinue()
  }

  #atEnd(): boolean {
    const { req } = this.#exchange
    return req.readableEnded || (req.complete && req.readableLength === 0 && !req.destroyed)
  }

  #check(): void {
    const { req, res, refusal } = this.#exchange
    if (req.readableEnded) return
    if (refusal) throw new ClientGone(`${refusal.why}: ${this.#received} bytes of the request body were read`)
    if (res.writableFinished) throw new Error('the request body was read after the response had ended')
    if (this.limit > 0 && this.#received > this.limit) throw new BodyTooLarge(this.limit)
    if (req.destroyed || res.destroyed) {
      throw new ClientGone(`the client went away after ${this.#received} bytes of the request body were read`)
    }
  }

  #count(chunk: Buffer): Buffer {
    this.#received += chunk.length
    if (this.limit > 0 && this.#received > this.limit) throw new BodyTooLarge(this.limit)
    return chunk
  }
}

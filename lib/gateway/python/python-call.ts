import { type FileHandle, open } from 'node:fs/promises'
import { toError } from '../../errors.js'
import type { Exchange } from '../../http/exchange.js'
import { Upload } from '../../http/upload/upload.js'
import { BodyNotStored, type UploadSpace } from '../../http/upload/upload-space.js'
import type { Logger } from '../../logging/log.js'
import { requestFacts } from '../failure.js'
import type { Background } from '../gateway.js'
import { sendEarlyHints } from '../wire/early-hints.js'
import { Reply } from '../wire/reply.js'
import { headFrom, pairsOf } from './head-fields.js'
import type { Call, Line, PythonFile } from './job.js'
import { PythonError } from './python-error.js'
import { Stream } from './stream.js'

/** What all calls of a gateway share. */
export interface PythonCalls {
  readonly log: Logger
  /** For request bodies that are too large for memory. */
  readonly uploads: UploadSpace
  /** What is taken of an answer off Python before the client has taken it. */
  readonly background: Background
  /** Whether Python may be given a request whose body has not arrived: one that is slow holds no process of ASGI. */
  readonly streamsBodies: boolean
  /** What Python is told of a request. @param size  bytes of the body, if it was read */
  describe(exchange: Exchange, size: number | undefined): string
  /** Runs a call when a process has time for it. */
  submit(call: Call): void
}

const EMPTY = Buffer.alloc(0)
/** What travels with the request, in bytes. */
const WITH_REQUEST = 1 << 16
const FORM = /^(?:multipart\/form-data|application\/x-www-form-urlencoded)\b/i
/** What is read of a file at once, in bytes. */
const FILE_CHUNK = 256 * 1024

/** One request for Python: its body is read, it waits for a process, and its answer is passed on. */
export class PythonCall extends Reply implements Call {
  readonly #calls: PythonCalls
  #upload: Upload | Stream | undefined
  /** While Python runs it. */
  #channel: Line | undefined
  #isDraining = false
  #isOver = false
  /** The rest of the answer is a file, which does not need Python any more. */
  #hasFile = false

  constructor(exchange: Exchange, calls: PythonCalls) {
    super(exchange, calls.log, calls.background)
    this.#calls = calls
  }

  /** Never throws. */
  run(): void {
    const { exchange } = this
    exchange.answer.onClose(() => this.#close())
    exchange.abort = () => this.#close()
    const { head, body } = exchange
    if (head.bodyLength === 0) return this.#calls.submit(this)
    if (this.#calls.streamsBodies && isForStream(head)) {
      this.#upload = new Stream(body)
      return this.#calls.submit(this)
    }
    Upload.receive(body, this.#calls.uploads).then(
      upload => {
        this.#upload = upload
        if (this.isWanted) this.#calls.submit(this)
        else void upload.close()
      },
      (error: unknown) => this.fail(error),
    )
  }

  /** False once the answer has been given, or is no longer wanted. */
  get isWanted(): boolean {
    return !this.#isOver && !this.outgoing.gone && !this.outgoing.ended
  }

  get facts(): ReturnType<typeof requestFacts> {
    return requestFacts(this.exchange)
  }

  /** Lets Python run it. */
  start(channel: Line): void {
    this.#channel = channel
    const environ = this.#calls.describe(this.exchange, this.#upload?.size)
    channel.run(this, { environ, body: this.#upload ? this.#upload.whole(WITH_REQUEST) : EMPTY })
  }

  /** Answers in place of Python, whose process ends: with `status`, or by a cut connection if the head is out. */
  lost(status: 502 | 504): void {
    this.done()
    if (!this.isWanted || this.#hasFile) return
    if (this.outgoing.headSent) this.outgoing.cut()
    // Its body was read to the end, so the client keeps its connection.
    else this.sendPage(status)
  }

  /** The client has gone, or the worker has answered, or the response is over. */
  #close(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!this.#channel) void this.#upload?.close()
    else if (!this.outgoing.ended) this.#channel.unwanted(this)
  }

  protected override pageFor(error: Error): number {
    return error instanceof BodyNotStored ? 503 : super.pageFor(error)
  }

  protected override failureMessage(error: Error): string {
    return error instanceof BodyNotStored ? error.message : super.failureMessage(error)
  }

  // What Python sends.

  head(isWhole: boolean, fields: string[], first: Buffer, left: number): void {
    this.#attempt(() => {
      const head = headFrom(fields)
      // A frame tells the length of a body that Python has in one piece.
      if (isWhole && left > 0 && head.contentLength < 0) head.add('Content-Length', String(first.length + left))
      this.begin(head)
      if (isWhole && left === 0) this.#finish([first])
      else this.#write(first)
    })
  }

  data(piece: Buffer, isLast: boolean): void {
    this.#attempt(() => {
      this.#write(piece)
      if (isLast) this.#finish([])
    })
  }

  end(): void {
    this.#attempt(() => this.#finish([]))
  }

  hints(fields: string[]): void {
    this.#attempt(() => sendEarlyHints(this.exchange, pairsOf(fields)))
  }

  wants(most: number): void {
    const channel = this.#channel
    const reading = this.#upload?.read(most) ?? Promise.resolve([])
    reading.then(
      pieces => channel?.sendBody(pieces),
      // An answer may have ended without all of the body: there is nothing to be read any more.
      (error: unknown) => (this.outgoing.ended ? channel?.sendBody([]) : this.#breach(error)),
    )
  }

  file({ path, offset, length }: PythonFile, fields: string[]): void {
    const channel = this.#channel
    open(path).then(
      file => {
        this.#hasFile = true
        if (this.isWanted) channel?.tookFile(true)
        else channel?.unwanted(this)
        void this.#sendFile(file, offset, length, fields)
      },
      () => channel?.tookFile(false),
    )
  }

  raised(traceback: string): void {
    const error = new PythonError(traceback)
    // By close(), since the file is on its way.
    if (this.#hasFile) this.report(error, this.failureMessage(error))
    else this.fail(error)
  }

  complained(breach: string): void {
    this.complain(breach)
  }

  done(): void {
    this.#channel = undefined
    void this.#upload?.close()
  }

  /** Python is paused when the client has not taken as much as `responseBuffer`. */
  #write(chunk: Buffer): void {
    if (this.outgoing.write(chunk) || this.#isDraining) return
    this.#isDraining = true
    if (!this.outgoing.ended) this.#channel?.pause()
    void this.outgoing.drained().then(() => {
      this.#isDraining = false
      this.#channel?.resume()
    })
  }

  async #sendFile(file: FileHandle, offset: number, length: number, fields: string[]): Promise<void> {
    try {
      if (!this.isWanted) return
      const head = headFrom(fields)
      if (head.contentLength < 0) head.add('Content-Length', String(length))
      this.begin(head)
      this.outgoing.sendDirectly()
      for (let position = offset; position < offset + length && this.isWanted; ) {
        const size = Math.min(FILE_CHUNK, offset + length - position)
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size), 0, size, position)
        if (bytesRead === 0) break
        position += bytesRead
        if (this.isWanted && !this.outgoing.write(buffer.subarray(0, bytesRead))) await this.outgoing.drained()
      }
      if (this.isWanted) this.answer([])
    } catch (error) {
      this.fail(error)
    } finally {
      await file.close()
    }
  }

  #finish(chunks: readonly Buffer[]): void {
    this.answer(chunks)
    // All that Python still says is that it is done, however slow the client is.
    this.#channel?.resume()
  }

  /** Passes something on, if the answer is still wanted. */
  #attempt(step: () => void): void {
    if (!this.isWanted) return
    try {
      step()
    } catch (error) {
      this.#breach(error)
    }
  }

  /** What Python sent cannot be a response, or its body cannot be had. */
  #breach(error: unknown): void {
    this.#channel?.unwanted(this)
    this.fail(toError(error))
  }
}

/** A body that is neither small nor a form: without a length, Django takes a form for empty. */
function isForStream(head: Exchange['head']): boolean {
  if (head.isUnmeasured && FORM.test(head.field('content-type') ?? '')) return false
  return head.bodyLength > WITH_REQUEST || head.field('expect') !== undefined
}

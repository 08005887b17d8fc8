import { hasHungUp } from '../../sys/libc.js'
import { hasUnread, isAtEnd } from '../../sys/socket-calls.js'
import type { Dialect, WriteRequest } from './dialect.js'
import type { StreamHandle } from './stream-handle.js'
import type { EndPoint, Receiver, Transport } from './transport.js'

/** In bytes. */
const WORTH_COPYING = 64 * 1024

/** What all connections have in common. */
export interface HandleWays extends Dialect {
  /** Received into by all of them: a read is worked through before the next one. */
  readonly buffer: Buffer
}

/**
 * A connection by the handle that it was accepted as, without the `net.Socket` that Node would put on it: a third of
 * the memory, and a third of the time of a connection for one request.
 */
export class HandleTransport implements Transport {
  readonly security = undefined
  bytesRead = 0
  readonly #handle: StreamHandle
  readonly #ways: HandleWays
  #receiver: Receiver | undefined = undefined
  /** The last write that waits for the kernel. */
  #waiting: WriteRequest | undefined = undefined
  isReading = false

  constructor(handle: StreamHandle, ways: HandleWays) {
    this.#handle = handle
    this.#ways = ways
    handle.transport = this
    handle.onread = onRead
    // biome-ignore lint/correctness/useHookAtTopLevel: it is no hook of React
    handle.useUserBuffer(ways.buffer)
  }

  get bytesSent(): number {
    return this.#handle.bytesWritten
  }

  get unsent(): number {
    return this.#waiting === undefined ? 0 : this.#handle.writeQueueSize
  }

  get hasUnread(): boolean {
    return hasUnread(this.#handle.fd)
  }

  get #isAtEnd(): boolean {
    return isAtEnd(this.#handle.fd)
  }

  get hasHungUp(): boolean {
    return hasHungUp(this.#handle.fd)
  }

  connect(receiver: Receiver): void {
    this.#receiver = receiver
  }

  start(): void {
    if (this.isReading || this.#receiver === undefined) return
    this.isReading = true
    this.#handle.readStart()
  }

  stop(): void {
    if (!this.isReading) return
    this.isReading = false
    this.#handle.readStop()
  }

  sendText(text: string): void {
    const request = this.#request()
    this.#sent(this.#handle.writeLatin1String(request, text), request)
  }

  send(pieces: readonly (string | Uint8Array)[]): void {
    const [only] = pieces
    if (pieces.length > 1 || only === undefined) return this.#sendAll(pieces)
    if (typeof only === 'string') return this.sendText(only)
    const request = this.#request()
    this.#sent(this.#handle.writeBuffer(request, only), request, pieces)
  }

  #sendAll(pieces: readonly (string | Uint8Array)[]): void {
    let size = 0
    for (const { length } of pieces) size += length
    if (size <= WORTH_COPYING) return this.#sendCopy(pieces)
    const chunks: unknown[] = []
    for (const piece of pieces) chunks.push(piece, typeof piece === 'string' ? 'latin1' : 'buffer')
    const request = this.#request()
    this.#sent(this.#handle.writev(request, chunks, false), request, pieces)
  }

  /** Up to some size one buffer costs less than a vector, which is put together for each write. */
  #sendCopy(pieces: readonly (string | Uint8Array)[]): void {
    const copy = spareBytes ?? Buffer.allocUnsafeSlow(WORTH_COPYING)
    let end = 0
    for (const piece of pieces) {
      if (typeof piece === 'string') copy.write(piece, end, 'latin1')
      else copy.set(piece, end)
      end += piece.length
    }
    const request = this.#request()
    const waits = this.#sent(this.#handle.writeBuffer(request, copy.subarray(0, end)), request, [copy])
    spareBytes = waits ? undefined : copy
  }

  end(): void {
    if (this.#receiver === undefined) return
    const request = new this.#ways.ShutdownRequest()
    request.oncomplete = () => {}
    this.#handle.shutdown(request)
  }

  reset(): void {
    this.#receiver = undefined
    if (this.#handle.reset?.() !== 0) this.#handle.close()
  }

  close(): void {
    this.#receiver = undefined
    this.#handle.close()
  }

  probe(delay: number): void {
    this.#handle.setKeepAlive?.(true, Math.ceil(delay / 1000))
  }

  remote(): EndPoint | undefined {
    return endPoint(out => this.#handle.getpeername?.(out))
  }

  local(): EndPoint | undefined {
    return endPoint(out => this.#handle.getsockname?.(out))
  }

  // What the handle calls.

  read(): void {
    const receiver = this.#receiver
    if (receiver === undefined) return
    const total = this.#handle.bytesRead
    const size = total - this.bytesRead
    this.bytesRead = total
    try {
      if (size > 0) receiver.received(this.#ways.buffer, size)
      // Why there is nothing only Node's internals are told: perhaps there is just nothing yet. The kernel knows.
      else if (this.hasHungUp) this.#lose()
      else if (this.#isAtEnd) receiver.ended()
    } catch (error) {
      this.#fail(receiver, error)
    }
  }

  written(request: WriteRequest, status: number): void {
    const receiver = this.#receiver
    if (request === this.#waiting) this.#waiting = undefined
    if (receiver === undefined) return
    try {
      if (status < 0) this.#lose()
      else if (this.#waiting === undefined) receiver.drained()
    } catch (error) {
      this.#fail(receiver, error)
    }
  }

  /** Returns what a write has to be given: a request that is not in use, or null. */
  #request(): WriteRequest | null {
    const { WriteRequest } = this.#ways
    if (WriteRequest === undefined) return null
    spare ??= new WriteRequest()
    return spare
  }

  /** @param pieces  what was written, unless it was text, which is copied @returns whether the write waits */
  #sent(result: number | WriteRequest, request: WriteRequest | null, pieces?: readonly unknown[]): boolean {
    let waiting: WriteRequest | undefined
    if (typeof result !== 'number') waiting = result.writeStatus == null ? result : undefined
    else if (result < 0) this.#failLater()
    // A request that was not needed can be brought along again. (An empty queue would not prove that it was not.)
    else if (request !== null && request.getAsyncId() !== -1) waiting = request
    if (waiting === undefined) return false
    if (waiting === spare) spare = undefined
    if (pieces) waiting.pieces = pieces
    waiting.oncomplete = status => this.written(waiting, status)
    this.#waiting = waiting
    return true
  }

  /** A failed write is heard of in a later turn, as one that waits and fails: its caller is not done yet. */
  #failLater(): void {
    setImmediate(() => {
      if (this.#receiver !== undefined) this.#lose()
    })
  }

  #lose(): void {
    const receiver = this.#receiver
    this.close()
    receiver?.lost()
  }

  #fail(receiver: Receiver, error: unknown): void {
    if (this.#receiver !== undefined) this.close()
    receiver.failed(error)
  }
}

/** A request, and bytes, that no write is using. */
let spare: WriteRequest | undefined
let spareBytes: Buffer | undefined

/** One function for all handles. */
function onRead(this: StreamHandle): void {
  this.transport?.read()
}

/** @param ask  fills its argument and returns 0 */
function endPoint(ask: (out: Partial<EndPoint>) => number | undefined): EndPoint | undefined {
  const out: Partial<EndPoint> = {}
  const { address, port, family } = ask(out) === 0 ? out : {}
  return address === undefined || port === undefined || family === undefined ? undefined : { address, port, family }
}

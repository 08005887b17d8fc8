import { Duplex } from 'node:stream'
import type { ClientHandle } from '../../../lib/listeners/server-handle.js'

/** Bytes that an end takes in before it is read, as the buffer of a socket does. */
const BUFFER = 64 * 1024

type Done = (error?: Error | null) => void

/**
 * One end of a connection in memory. What it sends arrives in order, in a later turn of the event loop. It closes as
 * TCP does: with an end, or by a reset.
 */
export class MemoryEnd extends Duplex implements ClientHandle {
  /** Bytes that have arrived. */
  bytesRead = 0
  readonly localPort: number | undefined
  #other: MemoryEnd | undefined
  #taken = 0
  #hasEnded = false
  /** Lets the other end go on sending. */
  #goOn: Done | undefined

  private constructor(options: { allowHalfOpen: boolean; port: number | undefined }) {
    super({ allowHalfOpen: options.allowHalfOpen, highWaterMark: BUFFER })
    this.localPort = options.port
  }

  /** @param port  of the client; undefined on a unix socket */
  static pair(port: number | undefined): { readonly client: MemoryEnd; readonly server: MemoryEnd } {
    const client = new MemoryEnd({ allowHalfOpen: false, port })
    const server = new MemoryEnd({ allowHalfOpen: true, port: undefined })
    client.#other = server
    server.#other = client
    return { client, server }
  }

  /** The port of the other end. */
  get remotePort(): number | undefined {
    return this.#other?.localPort
  }

  /** Those on their way are among them, as with a socket. */
  get bytesWritten(): number {
    return this.#taken + this.writableLength
  }

  /** The other end is closed for reading too. */
  get isAlone(): boolean {
    return this.#other?.destroyed ?? true
  }

  close(done?: () => void): void {
    this.destroy()
    done?.()
  }

  /** Closes the connection so that the other end loses what it has not read, and gets an error. */
  reset(): void {
    this.#hasEnded = true
    setImmediate(() => this.#other?.destroy(connectionReset()))
    this.destroy()
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: Done): void {
    const taken: Done = error => {
      this.#taken += chunk.length
      done(error)
    }
    setImmediate(() => this.#send(chunk, taken))
  }

  override _read(): void {
    const goOn = this.#goOn
    this.#goOn = undefined
    goOn?.()
  }

  override _final(done: Done): void {
    this.#sendEnd()
    done()
  }

  /** Data that was not read, or cannot be sent any more, makes it a reset. */
  override _destroy(error: Error | null, done: Done): void {
    const isReset = this.readableLength > 0 || (this.#other?.writableLength ?? 0) > 0
    if (isReset && !this.#hasEnded) this.reset()
    else this.#sendEnd()
    done(error)
  }

  /** Hands over as much as the other end has room for, and waits for more. */
  #send(chunk: Buffer, done: Done): void {
    const other = this.#other
    if (!other || other.destroyed) return done(connectionReset())
    const part = chunk.subarray(0, BUFFER)
    const rest = chunk.subarray(BUFFER)
    other.bytesRead += part.length
    const goOn = (): void => (rest.length > 0 ? this.#send(rest, done) : done())
    if (part.length === 0 || other.push(part)) setImmediate(goOn)
    else other.#goOn = goOn
  }

  #sendEnd(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    setImmediate(() => {
      if (this.#other?.destroyed === false) this.#other.push(null)
    })
  }
}

function connectionReset(): Error {
  return Object.assign(new Error('the other end has reset the connection'), { code: 'ECONNRESET' })
}

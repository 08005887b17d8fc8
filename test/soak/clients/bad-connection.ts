import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Target } from '../../helpers/server-process.js'

/** No limit of the server lets a client stay for as long, in milliseconds. */
const CEILING = 40_000
/** How much of what comes is kept. */
const KEPT = 2000

/** A connection whose client may do anything. Nothing that happens to it is an error. */
export class BadConnection {
  readonly socket: Socket
  /** Bytes that came. */
  received = 0
  readonly #closed: Promise<void>
  readonly #ceiling: NodeJS.Timeout
  #text = ''
  #isHeld = false

  constructor(target: Target) {
    this.socket = connect({ ...('socketPath' in target ? { path: target.socketPath } : target), allowHalfOpen: true })
    this.socket.setNoDelay(true).on('error', () => {})
    this.socket.on('data', part => {
      this.received += part.length
      if (this.#text.length < KEPT) this.#text += part.toString('latin1')
    })
    // What the server has ended is over, whatever its client still wanted to say.
    this.socket.on('end', () => this.socket.destroy())
    this.#closed = new Promise(resolve => this.socket.on('close', () => resolve()))
    this.#ceiling = setTimeout(() => {
      this.#isHeld = true
      this.socket.destroy()
    }, CEILING)
  }

  get isOpen(): boolean {
    return !this.socket.destroyed
  }

  write(bytes: string | Buffer): void {
    if (this.isOpen) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Sends something again and again, for as long as the server bears it. @param every  milliseconds */
  async drip(bytes: (turn: number) => string, every: number): Promise<void> {
    for (let turn = 0; this.isOpen; turn++) {
      this.write(bytes(turn))
      await pause(every)
    }
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  /**
   * Waits for the server's end, or one's own.
   * @returns the status of the first answer, `closed` without one, or `held` if the server did not end it
   */
  async end(): Promise<string> {
    await this.#closed
    clearTimeout(this.#ceiling)
    if (this.#isHeld) return 'held'
    return /^HTTP\/1\.1 (\d{3}) /.exec(this.#text)?.[1] ?? 'closed'
  }
}

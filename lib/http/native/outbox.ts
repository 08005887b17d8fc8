import type { Transport } from './transport.js'

/** Bytes that are handed over at once: more is sent before the rest of it is there. */
export const FULL = 64 * 1024

/** Up to so many bytes are copied into the text before them, rather than sent beside it. */
const WORTH_JOINING = 4096

/** What every head begins with. */
const BEGINNING = 'HTTP/1.1 '

/** Gathers what a connection sends in one turn of the event loop, for one call of the kernel. */
export class Outbox {
  readonly #transport: Transport
  readonly #pieces: (string | Uint8Array)[] = []
  /** The last piece, as far as it is text: characters of Latin-1. */
  #text = ''
  #size = 0
  /** Bytes since the application has last waited for its client. */
  #given = 0
  #isScheduled = false
  #isBegun = false
  #waiters: (() => void)[] = []

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Bytes that were not handed over yet. */
  get size(): number {
    return this.#size
  }

  /** Bytes that wait for the client. */
  get unsent(): number {
    return this.#transport.unsent
  }

  /** The application has given as much as it should before it waits for the client, or for other requests. */
  get isFull(): boolean {
    return this.#given >= FULL || this.#transport.unsent >= FULL
  }

  /** @param text  characters of Latin-1 */
  putText(text: string): void {
    this.#text += this.#isBegun ? this.#withoutBeginning(text) : text
    this.#size += text.length
    this.#given += text.length
  }

  putBytes(bytes: Uint8Array): void {
    if (bytes.length <= WORTH_JOINING) return this.putText(textOf(bytes))
    if (this.#text !== '') this.#pieces.push(this.#text)
    this.#text = ''
    this.#pieces.push(bytes)
    this.#size += bytes.length
    this.#given += bytes.length
  }

  flush(): void {
    if (this.#size === 0) return
    this.#size = 0
    const text = this.#text
    this.#text = ''
    if (this.#pieces.length === 0) return this.#transport.sendText(text)
    const pieces = this.#pieces.splice(0)
    if (text !== '') pieces.push(text)
    this.#transport.send(pieces)
  }

  /** Flushes when what runs now has ended, or at once if it is much. */
  flushSoon(): void {
    if (this.#size >= FULL) return this.flush()
    if (this.#isScheduled) return
    this.#isScheduled = true
    process.nextTick(flushNow, this)
  }

  /** Nothing of it is wanted any more. */
  discard(): void {
    this.#pieces.length = 0
    this.#text = ''
    this.#size = 0
    this.wake()
  }

  /** Sends what the next head begins with ahead of it, so that a client that is gone answers with a reset. */
  sendBeginning(): void {
    this.#isBegun = true
    this.#transport.sendText(BEGINNING)
  }

  /** Resolves when the client has taken what was sent, or will not; in a later turn of the event loop. */
  async drained(): Promise<void> {
    this.flush()
    if (this.unsent > 0) await new Promise<void>(resolve => this.#waiters.push(resolve))
    await new Promise<void>(resolve => setImmediate(resolve))
    this.#given = 0
  }

  /** Ends all waits for the client. */
  wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter()
  }

  /** Called by `flushSoon`. */
  flushScheduled(): void {
    this.#isScheduled = false
    this.flush()
  }

  #withoutBeginning(text: string): string {
    this.#isBegun = false
    return text.slice(BEGINNING.length)
  }
}

/** Its bytes as characters. */
function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return buffer.toString('latin1')
}

function flushNow(outbox: Outbox): void {
  outbox.flushScheduled()
}

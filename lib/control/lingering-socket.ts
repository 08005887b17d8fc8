import { Socket } from 'node:net'

/** How long a client may take to read its last answer, in milliseconds. */
const LINGER = 1000

/**
 * A connection that ends when its client has ended it too: one that is closed while the client still sends is reset,
 * and a reset may take the answer away before it is read (RFC 9112, section 9.6). Node's HTTP calls `destroySoon`.
 */
export class LingeringSocket extends Socket {
  override destroySoon(): void {
    if (this.writable) this.end()
    if (this.readableEnded) return void this.once('finish', () => this.destroy())
    this.once('end', () => this.destroy())
    this.resume()
    setTimeout(() => this.destroy(), LINGER).unref()
  }
}

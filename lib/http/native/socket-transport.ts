import { Socket } from 'node:net'
import { acceptedOptions, type ClientHandle } from '../../listeners/server-handle.js'
import { hasHungUp } from '../../sys/libc.js'
import { hasUnread } from '../../sys/socket-calls.js'
import { isSecured, type SecuredClient } from '../engine.js'
import { Security } from '../security.js'
import type { EndPoint, Receiver, Transport } from './transport.js'

/** How long the alert that ends TLS may wait for the kernel, in milliseconds. */
const LONGEST_END = 1000

/** A connection by a `net.Socket`, with nothing but its public interface. */
export class SocketTransport implements Transport {
  readonly #handle: ClientHandle
  readonly #socket: Socket
  /** Below TLS; else the same. */
  readonly #raw: Socket
  #receiver: Receiver | undefined = undefined

  /** Some of what was sent has to wait: behind TLS always, for the next turn of the event loop at least. */
  #waits = false
  /** (The event `drain` comes only behind more than a stream's `highWaterMark`.) */
  readonly #onWritten = (): void => {
    if (!this.#waits || this.unsent > 0) return
    this.#waits = false
    this.#guard(receiver => receiver.drained())
  }
  readonly security: Security | undefined

  /** @param buffer  received into by all connections: a read is worked through before the next one. TLS has its own */
  constructor(client: ClientHandle | SecuredClient, buffer: Buffer) {
    const isSecure = isSecured(client)
    this.#handle = isSecure ? client.handle : client
    this.security = isSecure ? new Security(client.socket) : undefined
    const socket = isSecure ? client.socket : this.#open(client, buffer)
    this.#raw = isSecure ? client.raw : socket
    if (isSecure) socket.on('data', (bytes: Buffer) => this.#guard(receiver => receiver.received(bytes, bytes.length)))
    socket.pause()
    socket.on('end', () => this.#guard(receiver => (this.hasHungUp ? this.#lose() : receiver.ended())))
    socket.on('error', () => {})
    socket.on('close', () => this.#guard(() => this.#lose()))
    this.#socket = socket
  }

  #open(handle: ClientHandle, buffer: Buffer): Socket {
    return new Socket({
      ...acceptedOptions(handle),
      onread: { buffer, callback: size => this.#guard(receiver => receiver.received(buffer, size)) },
    })
  }

  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  get bytesSent(): number {
    return this.#socket.bytesWritten
  }

  get unsent(): number {
    return this.#socket.writableLength
  }

  get isReading(): boolean {
    return !this.#socket.isPaused()
  }

  get hasUnread(): boolean {
    return hasUnread(this.#handle.fd)
  }

  get hasHungUp(): boolean {
    return hasHungUp(this.#handle.fd)
  }

  connect(receiver: Receiver): void {
    this.#receiver = receiver
  }

  start(): void {
    this.#socket.resume()
  }

  stop(): void {
    this.#socket.pause()
  }

  sendText(text: string): void {
    this.#socket.write(text, 'latin1', this.#onWritten)
    this.#waits = this.unsent > 0
  }

  send(pieces: readonly (string | Uint8Array)[]): void {
    this.#socket.cork()
    for (const piece of pieces) {
      if (typeof piece === 'string') this.#socket.write(piece, 'latin1', this.#onWritten)
      else this.#socket.write(piece, this.#onWritten)
    }
    this.#socket.uncork()
    this.#waits = this.unsent > 0
  }

  end(): void {
    this.#socket.end()
  }

  reset(): void {
    this.#receiver = undefined
    if (this.#raw.remoteFamily === undefined) this.#socket.destroy()
    else this.#raw.resetAndDestroy()
  }

  close(): void {
    this.#receiver = undefined
    if (this.security && this.unsent === 0) this.#closeNotify()
    else this.#socket.destroy()
  }

  /** The end of TLS has an alert of its own, without which the client takes the connection for cut (RFC 8446, 6.1). */
  #closeNotify(): void {
    const socket = this.#socket
    const late = setTimeout(() => socket.destroy(), LONGEST_END).unref()
    socket.once('close', () => clearTimeout(late))
    socket.destroySoon()
  }

  probe(delay: number): void {
    this.#socket.setKeepAlive(true, delay)
  }

  remote(): EndPoint | undefined {
    const { remoteAddress: address, remotePort: port, remoteFamily: family } = this.#socket
    return endPoint(address, port, family)
  }

  local(): EndPoint | undefined {
    const { localAddress: address, localPort: port, localFamily: family } = this.#socket
    return endPoint(address, port, family)
  }

  /** @returns true: the socket reads on until it is told to stop */
  #guard(run: (receiver: Receiver) => void): boolean {
    const receiver = this.#receiver
    if (receiver === undefined) return true
    try {
      run(receiver)
    } catch (error) {
      if (this.#receiver !== undefined) this.close()
      receiver.failed(error)
    }
    return true
  }

  #lose(): void {
    const receiver = this.#receiver
    this.close()
    receiver?.lost()
  }
}

function endPoint(address?: string, port?: number, family?: string): EndPoint | undefined {
  if (address === undefined || port === undefined) return undefined
  return { address, port, family: family === 'IPv6' ? 'IPv6' : 'IPv4' }
}

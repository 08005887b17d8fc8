import { Socket } from 'node:net'
import type { ClientHandle } from '../../listeners/server-handle.js'
import { hasHungUp } from '../../sys/libc.js'
import { hasUnread } from '../../sys/socket-calls.js'
import type { EndPoint, Receiver, Transport } from './transport.js'

/** A connection by a `net.Socket`, with nothing but its public interface. */
export class SocketTransport implements Transport {
  readonly #handle: ClientHandle
  readonly #socket: Socket
  #receiver: Receiver | undefined = undefined

  /** @param buffer  received into by all connections: a read is worked through before the next one */
  constructor(handle: ClientHandle, buffer: Buffer) {
    this.#handle = handle
    const socket = new Socket({
      handle,
      allowHalfOpen: true,
      readable: true,
      writable: true,
      onread: { buffer, callback: size => this.#guard(receiver => receiver.received(buffer, size)) },
    })
    socket.pause()
    socket.on('end', () => this.#guard(receiver => (this.hasHungUp ? this.#lose() : receiver.ended())))
    socket.on('drain', () => this.#guard(receiver => receiver.drained()))
    socket.on('error', () => {})
    socket.on('close', () => this.#guard(() => this.#lose()))
    this.#socket = socket
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
    const { fd = -1 } = this.#handle
    return fd >= 0 && hasUnread(fd)
  }

  get hasHungUp(): boolean {
    const { fd = -1 } = this.#handle
    return fd >= 0 && hasHungUp(fd)
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
    this.#socket.write(text, 'latin1')
  }

  send(pieces: readonly (string | Uint8Array)[]): void {
    this.#socket.cork()
    for (const piece of pieces) {
      if (typeof piece === 'string') this.#socket.write(piece, 'latin1')
      else this.#socket.write(piece)
    }
    this.#socket.uncork()
  }

  end(): void {
    this.#socket.end()
  }

  reset(): void {
    this.#receiver = undefined
    if (this.#socket.remoteFamily === undefined) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  close(): void {
    this.#receiver = undefined
    this.#socket.destroy()
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

import type { Accepted } from '../engine.js'
import type { Security } from '../security.js'

/** Makes the transport of an accepted connection. */
export type MakeTransport = (client: Accepted) => Transport

/** What a connection hears of its transport. */
export interface Receiver {
  /** The first `size` bytes of `bytes` have come. The next ones overwrite them: what is kept has to be copied. */
  received(bytes: Buffer, size: number): void
  /** The client sends no more (FIN). */
  ended(): void
  /** All that was given to `send` has been taken by the kernel, after some of it had to wait. */
  drained(): void
  /** The connection is gone: reset, or a write has failed. The transport is closed. */
  lost(): void
  /** One of these methods has thrown. The transport is closed. */
  failed(error: unknown): void
}

/** One end of a connection as the kernel knows it. */
export interface EndPoint {
  readonly address: string
  readonly port: number
  readonly family: 'IPv4' | 'IPv6'
}

/**
 * The bytes of one accepted connection, by a stream of the kernel. It reads nothing before `start`. After `close` or
 * `reset` it calls its receiver no more.
 */
export interface Transport {
  /** TLS of the connection; undefined if it has none. */
  readonly security: Security | undefined
  readonly bytesRead: number
  /** Bytes that were given to `send`, and those of them that wait for the kernel. */
  readonly bytesSent: number
  readonly unsent: number
  readonly isReading: boolean
  /** The kernel has bytes that were not read. */
  readonly hasUnread: boolean
  /** The other end has closed both directions, or has reset the connection, which a stopped reader does not see. */
  readonly hasHungUp: boolean
  /** Sets the one that is called. To be done before `start`. */
  connect(receiver: Receiver): void
  /** Reads, or stops reading, from the connection. */
  start(): void
  stop(): void
  /** @param text  characters of Latin-1: one of them is one byte */
  sendText(text: string): void
  /** Sends texts and bytes together. They may not change before the kernel has taken them. */
  send(pieces: readonly (string | Uint8Array)[]): void
  /** Closes the sending side behind what was sent (FIN). */
  end(): void
  /** Closes so that the client cannot take what it has received for complete (RST). A unix socket just closes. */
  reset(): void
  close(): void
  /** Has the kernel ask a quiet client whether it is still there, from `delay` milliseconds on. */
  probe(delay: number): void
  /** Undefined on a unix socket, or if the client is gone already. */
  remote(): EndPoint | undefined
  local(): EndPoint | undefined
}

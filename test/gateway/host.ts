import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Engine } from '../../lib/http/engine.js'

/** The server's end of a connection, as far as the tests look at it. */
export type ServerEnd = Pick<
  Socket,
  'destroyed' | 'bytesRead' | 'bytesWritten' | 'writableLength' | 'writableNeedDrain'
>

/** The client's end of a connection: a socket, or a stream in memory. */
export interface ClientEnd extends Duplex {
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly localPort?: number | undefined
}

/** An engine, and the way to connect to it. */
export interface Host {
  readonly engine: Engine
  /** The server's ends of all connections, in the order in which they were accepted. */
  readonly sockets: readonly ServerEnd[]
  /** 0 on a unix socket. */
  readonly port: number
  /** Begins to accept. */
  open(): void
  /** Connects a client. */
  dial(): Promise<ClientEnd>
  /** Accepts no more, and cuts every connection. */
  close(): void
}

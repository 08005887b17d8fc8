import type { Interface, PythonInterface } from '../../config/interfaces.js'
import type { Exchange } from '../http/exchange.js'
import type { UploadSpace } from '../http/upload/upload-space.js'
import type { Logger } from '../logging/log.js'

/** How much of an answer is taken from its application before its client has taken it. */
export interface Background {
  /** For all answers of a worker. */
  readonly space: UploadSpace
  /** Of one answer, in bytes: the setting `responseBuffer`. */
  readonly most: number
  /** The disk is full, or there is none: the application waits for its client instead. */
  onNotStored(error: unknown): void
}

/** What a gateway knows of the worker. */
export interface GatewayContext {
  readonly log: Logger
  /** Whether requests may be interleaved in this process (worker class `async`). */
  readonly multithread: boolean
  /** Whether other processes serve the same application. */
  readonly multiprocess: boolean
  /** `SERVER_SOFTWARE`, such as `unicorn/0.1.0`. */
  readonly serverSoftware: string
  /** The path at which the application is mounted, without a slash at its end; none if absent. */
  readonly rootPath?: string
  /** Whether the socket of a request of node:http has the client's address, in place of that of a trusted proxy. */
  readonly forwardedSocket?: boolean
  /** Whether header fields with an underscore in their name are in an environ. */
  readonly mapsUnderscores?: boolean
  /** Present if applications need not wait for their clients (worker class `sync`). */
  readonly background?: Background | undefined
}

/** Calls an application, whatever its interface is. */
export interface Gateway {
  readonly interface: Interface | PythonInterface
  /** Calls the application to answer one request. Never throws; sets `exchange.environ` for wsgi. */
  handle(exchange: Exchange): void
  /** Waits for work that goes on after its response. To be called after the last response. */
  settled?(): Promise<void>
}

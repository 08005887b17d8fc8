import type { Server } from 'node:http'
import type { ServerApp } from '../application/script/server-app.js'
import type { Logger } from '../logging/log.js'

/** What the worker tells the gateway about itself. */
export interface GatewayContext {
  readonly log: Logger
  /** Requests may be interleaved in this process (worker class `async`). */
  readonly multithread: boolean
  /** Other processes serve the same application. */
  readonly multiprocess: boolean
  /** `SERVER_SOFTWARE`, such as `unicorn/0.1.0`. */
  readonly serverSoftware: string
  /** A server of the application, as one that seems to listen. */
  readonly serverApp: (server: Server) => ServerApp
  /**
   * Resolves when an application that ends itself has done so; at once where it does not.
   * @param closed  whether it has closed its server by itself
   */
  readonly ownEnd?: (closed: boolean) => Promise<void>
  /** Bytes of a request body (limitRequestBody); 0 or absent: no limit. */
  readonly bodyLimit?: number
  /**
   * What becomes of header names with `_`, which in an environ cannot be told from those with `-`: left out (the
   * default), or taken over (`dangerous`). Refusing them is up to the HTTP engine.
   */
  readonly headerMap?: 'drop' | 'dangerous'
}

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
}

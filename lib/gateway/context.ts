import type { Logger } from '../logging/log.js'

/** What a gateway knows of the worker. */
export interface GatewayContext {
  readonly log: Logger
  /** Whether requests may be interleaved in this process (worker class `async`). */
  readonly multithread: boolean
  /** Whether other processes serve the same application. */
  readonly multiprocess: boolean
  /** `SERVER_SOFTWARE`, such as `unicorn/0.1.0`. */
  readonly serverSoftware: string
}

import { createServer, type Server } from 'node:http'
import { type HttpPolicy, maxHeadSize } from '../policy.js'

/** How often Node looks for request heads that take too long, in milliseconds. */
const HEAD_CHECKS = 1000

/**
 * A server of node:http that never listens and keeps to `policy`.
 * @param idleLimit how long an idle connection is kept, in milliseconds
 */
export function createHttpServer(policy: HttpPolicy, idleLimit: number): Server {
  const server = createServer({
    maxHeaderSize: maxHeadSize(policy),
    connectionsCheckingInterval: HEAD_CHECKS,
    headersTimeout: policy.headerTimeout,
    requestTimeout: 0,
    keepAliveTimeout: idleLimit,
    // Refused by our policy, which has it logged.
    requireHostHeader: false,
  })
  // One more than allowed is read, so that too many can be told from just enough: Node drops the rest without a word.
  server.maxHeadersCount = policy.limitRequestFields === 0 ? 0 : policy.limitRequestFields + 1
  if ('keepAliveTimeoutBuffer' in server) server.keepAliveTimeoutBuffer = 0
  // Node starts its check of slow heads when a server begins to listen, and this one never does.
  server.emit('listening')
  return server
}

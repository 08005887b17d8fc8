import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type HttpPolicy, headLimit } from '../policy.js'
import { type ClientSocket, isClientSocket } from './client-socket.js'
import { ruleResponses } from './response-rules.js'
import type { NodeObjects } from './types.js'

/** How often Node looks for request heads that take too long, in milliseconds. */
const HEAD_CHECKS = 1000

/** Makes a server that never listens. */
export function createHttpServer(policy: HttpPolicy): Server {
  ruleResponses()
  const server = createServer({
    // Enough that our own check can name the limit that was passed.
    maxHeaderSize: headLimit(policy),
    connectionsCheckingInterval: HEAD_CHECKS,
    headersTimeout: policy.headerTimeout,
    requestTimeout: 0,
    // Idle connections are ours to close: Node's timer may fire before a request is read that came in time.
    keepAliveTimeout: 0,
    // Refused by our policy, which logs it.
    requireHostHeader: false,
  })
  // One more than allowed is read, so that too many can be told from just enough: Node silently drops the rest.
  server.maxHeadersCount = policy.limitRequestFields === 0 ? 0 : policy.limitRequestFields + 1
  // A client that closes its sending side behind a complete request still gets the whole answer.
  Object.assign(server, { httpAllowHalfOpen: true })
  // Node starts its check of slow heads when a server begins to listen, and this one never does.
  server.emit('listening')
  return server
}

/** The connections that are in the middle of a request, as Node's list of them has it. Not documented. */
interface ConnectionsList {
  active(): readonly { readonly socket?: unknown }[]
}

/**
 * Returns the connections on which a part of a request has come, and those that never had one. Empty if this Node does
 * not tell.
 */
export function sendersTo(server: Server): ReadonlySet<ClientSocket> {
  const key = Object.getOwnPropertySymbols(server).find(symbol => symbol.description === 'http.server.connections')
  const list: ConnectionsList | undefined = key && Reflect.get(server, key)
  return new Set(list?.active().flatMap(({ socket }) => (isClientSocket(socket) ? socket : [])))
}

type OnRequest = (req: IncomingMessage, res: ServerResponse, expects: NodeObjects['expects']) => void

/**
 * Calls `onRequest` with every request of `server`. Those of clients that wait for `100 Continue` pass as the event
 * `request` too, which tracers wrap.
 * @param isOwn  whether the application itself listens for `checkContinue`; Node emits no `request` then either
 */
export function onEachRequest(server: Server, onRequest: OnRequest, isOwn: () => boolean): void {
  let expecting: IncomingMessage | undefined
  server.on('request', (req, res) => onRequest(req, res, req === expecting ? 'continue' : undefined))
  server.on('checkContinue', (req, res) => {
    if (isOwn()) return onRequest(req, res, 'continue')
    expecting = req
    server.emit('request', req, res)
    expecting = undefined
  })
}

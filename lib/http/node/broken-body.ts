import { ClientGone } from '../errors.js'
import { checkTrailers, type HttpPolicy } from '../policy.js'
import type { ClientSocket } from './client-socket.js'
import { type ParserError, refusalOf } from './closing.js'
import type { Newest } from './noted-socket.js'

// What becomes of a connection on which the body of a request does not come as announced. Requests before that one get
// their own answers all the same.

/** Ends a chunked body whose trailers are illegal with a refusal, in place of its end. */
export function watchTrailers(exchange: Newest & { readonly socket: ClientSocket }, policy: HttpPolicy): void {
  const { req, answer, socket } = exchange
  const push = req.push
  // All of the body passes through `push`, and a listener for its end would start the stream.
  req.push = (...args: Parameters<typeof push>) => {
    const refusal = args[0] === null ? checkTrailers(req.rawTrailers, policy) : undefined
    if (!refusal) return Reflect.apply(push, req, args)
    socket.refused = true
    socket.once('close', () => req.destroy())
    if (closesBehind(socket, exchange)) return false
    exchange.refusal = refusal
    if (answer.headSent) exchange.inTurn(() => answer.cut())
    else answer.refuse(refusal.status)
    return false
  }
}

/** The client has been silent for too long. */
export function bodyIsLate(socket: ClientSocket): void {
  const { newest, running } = socket
  if (running === 0 || !newest) return socket.destroySoon()
  newest.refusal = { status: 408, why: 'request body too slow' }
  if (newest.answer.headSent) newest.answer.cut()
  else newest.answer.refuse(newest.refusal.status)
  newest.abort?.(new ClientGone('the client did not go on with its request body'))
}

/** The client has closed its sending side, or what it has sent is malformed. @param error  of the parser */
export function bodyIsTorn(socket: ClientSocket, torn: Newest, error: ParserError): void {
  const { answer } = torn
  if (closesBehind(socket, torn)) return
  if (error.code === 'HPE_INVALID_EOF_STATE') return torn.inTurn(() => socket.destroy(error))
  torn.refusal = refusalOf(error)
  if (answer.headSent) torn.inTurn(() => answer.cut())
  else answer.refuse(torn.refusal.status)
}

/** Closes the connection behind an answer that is complete: it stands, whatever comes of the body. */
function closesBehind(socket: ClientSocket, { res, answer }: Newest): boolean {
  if (res.writableFinished || res.destroyed) socket.destroySoon()
  else if (answer.ended) socket.behind = () => socket.destroySoon()
  else return false
  return true
}

import type { ClientSocket } from './client-socket.js'

// The parser of node:http stops behind a request that offers an upgrade, as if another protocol followed. If nothing
// takes the offer, Node goes on with the next packet: the rest of this one is lost, and what is no request goes unseen.

/** Of node:http, not documented, but the same in all its versions. */
interface Parser {
  [onExecute: number]: unknown
  /** @returns how many bytes it took, or what is wrong with them */
  execute?(bytes: Buffer): unknown
  /** What came with the last packet. */
  getCurrentBuffer?(): Buffer
}

type Connection = ClientSocket & { readonly parser?: Parser | null }

/**
 * From now on the parser of this connection is given what it leaves of a packet.
 * @param onMalformed  called if that is no request
 */
export function readOn(socket: Connection, onMalformed: (error: Error) => void): void {
  const { parser } = socket
  if (socket.offers++ > 0 || !parser) return
  const key: unknown = Reflect.get(parser.constructor, 'kOnExecute')
  const onExecute = typeof key === 'number' ? parser[key] : undefined
  if (typeof key !== 'number' || typeof onExecute !== 'function') return
  parser[key] = (taken: unknown): void => {
    const packet = typeof taken === 'number' ? parser.getCurrentBuffer?.() : undefined
    Reflect.apply(onExecute, parser, [taken])
    if (packet && typeof taken === 'number') feed(socket, packet.subarray(taken), onMalformed)
  }
}

/** Gives the parser these bytes as if they came from the connection. */
function feed(socket: Connection, bytes: Buffer, onMalformed: (error: Error) => void): void {
  const { parser, offers } = socket
  if (bytes.length === 0 || !parser || socket.destroyed) return
  // Too much is waiting to be written: Node itself goes on at this event.
  if (socket.isPaused()) return void socket.once('resume', () => feed(socket, bytes, onMalformed))
  const taken = parse(socket, parser, bytes)
  if (taken === bytes.length) return
  // It has stopped behind one more offer, or at what is no request.
  if (socket.offers > offers) feed(socket, bytes.subarray(taken), onMalformed)
  else onMalformed(new Error('invalid bytes behind an upgrade'))
}

/** @returns how many bytes were taken; all if they were refused */
function parse(socket: Connection, parser: Parser, bytes: Buffer): number {
  const { execute } = parser
  let taken: unknown
  parser.execute = (...args: [Buffer]): unknown => {
    delete parser.execute
    taken = execute?.apply(parser, args)
    return taken
  }
  socket.emit('data', bytes)
  return typeof taken === 'number' ? taken : bytes.length
}

import { Server as NetServer } from 'node:net'
import { isHttpServer, type NodeServer } from '../../gateway/node/target.js'

/** A call of `listen()`. */
export interface ListenCall {
  readonly server: NodeServer
  /** A port or a path; 0 is any port. */
  readonly at: number | string
  /** Calls Node's own `listen()`. */
  readonly really: () => void
}

/**
 * Passes calls of `listen()` on HTTP servers to `onListen` instead of Node. The callback still runs at `listening`.
 * @param onForeign  called with the module of a server that speaks HTTP/2 or TLS, before it listens as usual
 */
export function interceptListen(onListen: (call: ListenCall) => void, onForeign: (module: string) => void): void {
  const original = NetServer.prototype.listen
  function listen(this: NetServer, ...args: unknown[]): NetServer {
    const foreign = foreignModule(this)
    if (foreign !== undefined) onForeign(foreign)
    if (!isHttpServer(this)) return Reflect.apply(original, this, args)
    const done = args.at(-1)
    if (typeof done === 'function') args.pop()
    onListen({ server: this, at: placeOf(args), really: () => Reflect.apply(original, this, args) })
    if (typeof done === 'function') this.once('listening', () => Reflect.apply(done, this, []))
    return this
  }
  Object.defineProperty(NetServer.prototype, 'listen', { configurable: true, writable: true, value: listen })
}

/** By the class's name for HTTP/2, since importing node:http2 only to compare with it would load it. */
function foreignModule(server: NetServer): string | undefined {
  if (server instanceof process.getBuiltinModule('node:https').Server) return 'node:https'
  return /^Http2/.test(server.constructor.name) ? 'node:http2' : undefined
}

/** `(port, ...)`, `(path, ...)` or `({ port, path }, ...)`, as in `net.Server.listen`. */
function placeOf([first]: readonly unknown[]): number | string {
  if (typeof first === 'object' && first !== null) {
    return placeOf([Reflect.get(first, 'port') ?? Reflect.get(first, 'path')])
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return first
  return typeof first === 'number' || typeof first === 'string' ? Number(first) : 0
}

import { Server as NetServer } from 'node:net'
import { resolve } from 'node:path'
import { isHttpServer } from '../../gateway/node/target.js'
import { isObject } from '../../sys/objects.js'

/** A call of `listen()`. */
export interface ListenCall {
  readonly server: NetServer
  /** A port, or an absolute path; 0 is any port. */
  readonly at: number | string
  /** Calls Node's own `listen()`. */
  readonly really: () => void
}

/** Passes calls of `listen()` to `onListen` instead of Node. The callback still runs at `listening`. */
export function interceptListen(onListen: (call: ListenCall) => void): void {
  const original = NetServer.prototype.listen
  function listen(this: NetServer, ...args: unknown[]): NetServer {
    const done = args.at(-1)
    if (typeof done === 'function') args.pop()
    onListen({ server: this, at: placeOf(args), really: () => Reflect.apply(original, this, shared(args)) })
    if (typeof done === 'function') this.once('listening', () => Reflect.apply(done, this, []))
    return this
  }
  Object.defineProperty(NetServer.prototype, 'listen', { configurable: true, writable: true, value: listen })
}

/** The module of a server that unicorn cannot serve. By the class's name for HTTP/2: importing it would load it. */
export function foreignModule(server: NetServer): string | undefined {
  if (isHttpServer(server)) return undefined
  if (/^Http2/.test(server.constructor.name)) return 'node:http2'
  if (server instanceof process.getBuiltinModule('node:https').Server) return 'node:https'
  return server instanceof process.getBuiltinModule('node:tls').Server ? 'node:tls' : 'node:net'
}

/** `(port, ...)`, `(path, ...)` or `({ port, path }, ...)`, as in `net.Server.listen`. */
function placeOf([first]: readonly unknown[]): number | string {
  if (typeof first === 'object' && first !== null) {
    return placeOf([Reflect.get(first, 'port') ?? Reflect.get(first, 'path')])
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return resolve(first)
  return typeof first === 'number' || typeof first === 'string' ? Number(first) : 0
}

/** A port that is asked for exclusively could be opened by one worker only. */
function shared([first, ...more]: readonly unknown[]): unknown[] {
  return isObject(first) && Reflect.has(first, 'exclusive')
    ? [{ ...first, exclusive: false }, ...more]
    : [first, ...more]
}

import { Socket } from 'node:net'
import { resolve } from 'node:path'
import type { NodeServer } from '../../gateway/node/target.js'
import { LOOPBACK, takeOneConnection } from '../../listeners/one-connection.js'
import { acceptedOptions } from '../../listeners/server-handle.js'
import { isObject } from '../../sys/objects.js'
import { endWithResponse } from './other-servers.js'
import type { Place } from './places.js'

/** What a connection of this process finds under plain Node: a server of its own, none, or something else. */
export type SelfTarget = NodeServer | 'none' | undefined

type Options = Readonly<Record<string, unknown>>

/**
 * Until the worker is ready, leads the connections that the application makes to its own address to its own server, as
 * under plain Node; if it does not listen yet, they are refused. By the server's sockets they would wait for this
 * very worker, or reach another one. Node itself serves them, without hooks and access log, and each for one request.
 */
export class SelfConnections {
  readonly #targetOf: (at: Place, host: string | undefined) => SelfTarget
  readonly #servers = new Set<NodeServer>()
  #end: () => void = () => {}

  constructor(targetOf: (at: Place, host: string | undefined) => SelfTarget) {
    this.#targetOf = targetOf
  }

  /** Intercepts `connect()`. */
  begin(): void {
    const { prototype } = Socket
    const { connect } = prototype
    const lead = (socket: Socket, args: readonly unknown[]): readonly unknown[] => this.#lead(socket, args)
    let isOver = false
    const connectOrLead = function (this: Socket, ...args: unknown[]): Socket {
      return Reflect.apply(connect, this, isOver ? args : lead(this, args))
    }
    const put = (value: unknown): unknown =>
      Object.defineProperty(prototype, 'connect', { value, configurable: true, writable: true })
    put(connectOrLead)
    this.#end = () => {
      isOver = true
      // Unless a tracer has wrapped it meanwhile.
      if (Object.is(prototype.connect, connectOrLead)) put(connect)
    }
  }

  /** The worker is ready: from now on such connections are like those of any client. */
  end(): void {
    this.#end()
    for (const server of this.#servers) server.off('request', endWithResponse)
  }

  /** Returns the arguments for Node's own `connect()`. */
  #lead(socket: Socket, args: readonly unknown[]): readonly unknown[] {
    const { options, done } = parse(args)
    const { path, port, host } = options
    const at = typeof path === 'string' && path !== '' ? resolve(path) : Number(port)
    const target = this.#targetOf(at, typeof host === 'string' ? host : undefined)
    if (target === undefined) return args
    return [
      { ...options, path: undefined, ...(target === 'none' ? refused(at, host) : this.#to(target, socket)) },
      done,
    ]
  }

  #to(server: NodeServer, socket: Socket): Options {
    if (!this.#servers.has(server)) server.prependListener('request', endWithResponse)
    this.#servers.add(server)
    const { port, close } = takeOneConnection(handle => {
      server.emit('connection', new Socket(acceptedOptions(handle)))
    })
    socket.once('close', close)
    return { host: LOOPBACK, port, localAddress: undefined, localPort: undefined }
  }
}

/** Node's own way for an address that cannot be found leads to the error that the application knows. */
function refused(at: Place, host: unknown = LOOPBACK): Options {
  const isPath = typeof at === 'string'
  const where = isPath ? { address: at } : { address: host, port: at }
  const message = `connect ECONNREFUSED ${isPath ? at : `${host}:${at}`}`
  const error = Object.assign(new Error(message), { code: 'ECONNREFUSED', syscall: 'connect', ...where })
  const lookup = (_host: unknown, _options: unknown, done: (error: Error) => void): void => done(error)
  return { host: 'localhost', port: isPath ? 1 : at, lookup }
}

/** `(options, done)`, `(port, host, done)` or `(path, done)`, or an array of these, as in `net.Socket.connect`. */
function parse(args: readonly unknown[]): { options: Options; done: unknown } {
  const all: readonly unknown[] = Array.isArray(args[0]) ? args[0] : args
  const [first, second] = all
  const done = all.find(argument => typeof argument === 'function')
  if (isObject(first)) return { options: { ...first }, done }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { options: { path: first }, done }
  return { options: { port: first, host: typeof second === 'string' ? second : undefined }, done }
}

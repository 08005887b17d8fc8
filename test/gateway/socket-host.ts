import { once } from 'node:events'
import { connect } from 'node:net'
import { createEngine } from '../../lib/http/create-engine.js'
import type { Engine, HttpEvents } from '../../lib/http/engine.js'
import type { HttpPolicy } from '../../lib/http/policy.js'
import { adoptHandle, type ServerHandle, systemError } from '../../lib/listeners/server-handle.js'
import { bindTcp, bindUnix } from '../../lib/sys/socket-calls.js'
import type { ClientEnd, Host, ServerEnd } from './host.js'

const BACKLOG = 511

/** The engine of a worker, on a listening socket of the kernel. */
export class SocketHost implements Host {
  readonly sockets: ServerEnd[] = []
  readonly engine: Engine
  readonly #handle: ServerHandle
  readonly #path: string | undefined

  constructor(policy: HttpPolicy, events: HttpEvents, path: string | undefined) {
    this.engine = createEngine(policy, events)
    this.#path = path
    this.#handle = path === undefined ? adoptHandle(bindTcp('127.0.0.1', 0)) : adoptHandle(bindUnix(path))
  }

  open(): void {
    const local = this.#path === undefined ? { host: '127.0.0.1', port: this.port } : {}
    this.#handle.onconnection = (_, client) => {
      if (!client) return
      const { socket } = this.engine.accept(client, local).peer
      if (socket) this.sockets.push(socket)
    }
    const status = this.#handle.listen(BACKLOG)
    if (status !== 0) throw systemError('listen', status)
  }

  get port(): number {
    const name: { port?: number } = {}
    this.#handle.getsockname?.(name)
    return name.port ?? 0
  }

  async dial(): Promise<ClientEnd> {
    const socket = connect(this.#path === undefined ? { port: this.port, host: '127.0.0.1' } : { path: this.#path })
    await once(socket, 'connect')
    return socket
  }

  close(): void {
    this.#handle.close()
    this.engine.destroy()
  }
}

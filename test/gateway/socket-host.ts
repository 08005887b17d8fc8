import { once } from 'node:events'
import { connect } from 'node:net'
import { engineMaker } from '../../lib/http/create-engine.js'
import type { Engine, HttpEvents } from '../../lib/http/engine.js'
import type { Connection } from '../../lib/http/exchange.js'
import { NativeConnection } from '../../lib/http/native/connection.js'
import { NativeEngine } from '../../lib/http/native/native-engine.js'
import { onSockets } from '../../lib/http/native/transports.js'
import { isClientSocket } from '../../lib/http/node/client-socket.js'
import type { HttpPolicy } from '../../lib/http/policy.js'
import { adoptHandle, type ServerHandle, systemError } from '../../lib/listeners/server-handle.js'
import { bindTcp, bindUnix } from '../../lib/sys/socket-calls.js'
import type { ClientEnd, Host, ServerEnd } from './host.js'

const BACKLOG = 511

const onHandles = await engineMaker('native')
const node = await engineMaker('node')

/** An engine of a worker, on a listening socket of the kernel. */
abstract class SocketHost implements Host {
  readonly sockets: ServerEnd[] = []
  readonly engine: Engine
  readonly #handle: ServerHandle
  readonly #path: string | undefined

  constructor(engine: Engine, path: string | undefined) {
    this.engine = engine
    this.#path = path
    this.#handle = path === undefined ? adoptHandle(bindTcp('127.0.0.1', 0)) : adoptHandle(bindUnix(path))
  }

  open(): void {
    const local = this.#path === undefined ? { host: '127.0.0.1', port: this.port } : {}
    this.#handle.onconnection = (_, client) => {
      if (!client) return
      this.sockets.push(endOf(this.engine.accept(client, local)))
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

/** The server's end of a connection of either engine. */
function endOf(connection: Connection): ServerEnd {
  if (isClientSocket(connection)) return connection
  if (!(connection instanceof NativeConnection)) throw new TypeError('a connection of no engine that is known here')
  const { transport } = connection
  return {
    get destroyed() {
      return connection.state === 'closed'
    },
    get bytesRead() {
      return transport.bytesRead
    },
    get bytesWritten() {
      return transport.bytesSent
    },
    get writableLength() {
      return transport.unsent
    },
    get writableNeedDrain() {
      return transport.unsent > 0
    },
  }
}

/** The engine on `node:http`. */
export class NodeHost extends SocketHost {
  constructor(policy: HttpPolicy, events: HttpEvents, path: string | undefined) {
    super(node(policy, events), path)
  }
}

/** The native engine on handles. */
export class NativeHost extends SocketHost {
  constructor(policy: HttpPolicy, events: HttpEvents, path: string | undefined) {
    super(onHandles(policy, events), path)
  }
}

/** The native engine on sockets. */
export class NativeSocketHost extends SocketHost {
  constructor(policy: HttpPolicy, events: HttpEvents, path: string | undefined) {
    super(new NativeEngine(policy, events, onSockets()), path)
  }
}

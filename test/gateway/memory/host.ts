import type { Engine, HttpEvents } from '../../../lib/http/engine.js'
import type { HttpPolicy } from '../../../lib/http/policy.js'
import type { ClientEnd, Host, ServerEnd } from '../host.js'
import { MemoryEnd } from './end.js'
import { MemoryEngine } from './engine.js'

const FIRST_CLIENT_PORT = 50_000

/** The engine in memory, and connections that are two streams. */
export class MemoryHost implements Host {
  readonly engine: Engine
  readonly sockets: ServerEnd[] = []
  readonly port: number
  readonly #isUnix: boolean

  constructor(policy: HttpPolicy, events: HttpEvents, path: string | undefined) {
    this.engine = new MemoryEngine(policy, events)
    this.#isUnix = path !== undefined
    this.port = this.#isUnix ? 0 : 8000
  }

  open(): void {}

  async dial(): Promise<ClientEnd> {
    const { client, server } = MemoryEnd.pair(this.#isUnix ? undefined : FIRST_CLIENT_PORT + this.sockets.length)
    this.sockets.push(server)
    this.engine.accept(server, this.#isUnix ? {} : { host: '127.0.0.1', port: this.port })
    return client
  }

  close(): void {
    this.engine.destroy()
  }
}

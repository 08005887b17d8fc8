import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'
import { property } from '../../sys/objects.js'

const CHANNEL = 'net.client.socket'

/** Notes whether the application connects to the server's own ports while it loads. */
export class OwnConnections {
  readonly #ports: ReadonlySet<number | undefined>
  #areMade = false

  constructor(ports: readonly number[]) {
    this.#ports = new Set(ports)
    subscribe(CHANNEL, this.#note)
  }

  get areMade(): boolean {
    return this.#areMade
  }

  /** To be called when the application has loaded. */
  end(): void {
    unsubscribe(CHANNEL, this.#note)
  }

  readonly #note = (message: unknown): void => {
    const socket = property(message, 'socket')
    if (!(socket instanceof Socket)) return
    socket.prependOnceListener('connect', () => {
      if (this.#ports.has(socket.remotePort)) this.#areMade = true
    })
  }
}

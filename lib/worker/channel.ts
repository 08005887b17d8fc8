import type { Boot, FromWorker, ToWorker } from './protocol.js'
import { unwrap, wrap } from './protocol.js'

/** The worker's end of the channel to its arbiter. */
export class Channel<Config> {
  #sending = 0
  #closed: () => void = () => {}

  constructor() {
    process.once('disconnect', () => this.#closed())
  }

  /** Whether messages queue up because the arbiter does not read: it is stopped or busy. */
  get isClogged(): boolean {
    return this.#sending > 0
  }

  /** Sends, where the arbiter lives; its death is told by `onClosed`. Beats are left out while older messages wait. */
  send(message: FromWorker): boolean {
    if (!process.connected || (message.type === 'beat' && this.isClogged)) return false
    this.#sending++
    process.send?.(wrap(message), undefined, undefined, () => this.#sending--)
    return true
  }

  /** Waits in the channel since the fork. Where it does not, it is asked for: after a preload with an await, say, which came before us. */
  bootMessage(): Promise<Boot<Config>> {
    return new Promise(resolve => {
      const asking = setImmediate(() => this.send({ type: 'hello' }))
      this.onMessage(message => {
        if (message.type !== 'boot') return
        clearImmediate(asking)
        resolve(message)
      })
    })
  }

  onMessage(handle: (message: ToWorker<Config>) => void): void {
    process.on('internalMessage', (received: unknown) => {
      const message = unwrap<ToWorker<Config>>(received)
      if (message) handle(message)
    })
  }

  /** What to do when the arbiter is gone; a later call replaces an earlier one. */
  onClosed(handle: () => void): void {
    this.#closed = handle
  }
}

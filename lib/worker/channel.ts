import type { Boot, FromWorker, ToWorker } from './protocol.js'
import { unwrap, wrap } from './protocol.js'

/** The worker's end of the channel to its arbiter. Its listeners live as long as the process: there is one channel. */
export class Channel<Config> {
  #sending = 0
  #handle: (message: ToWorker<Config>) => void = () => {}
  #closed: () => void = () => {}

  constructor() {
    process.on('internalMessage', (received: unknown) => {
      const message = unwrap<ToWorker<Config>>(received)
      if (message) this.#handle(message)
    })
    process.once('disconnect', () => this.#closed())
  }

  /** Whether messages queue up because the arbiter does not read: it is stopped or busy. */
  get isClogged(): boolean {
    return this.#sending > 0
  }

  /**
   * Sends a message, unless the arbiter is gone; `onClosed` reports that. Beats are dropped while older messages wait.
   * @returns whether it was sent
   */
  send(message: FromWorker): boolean {
    if (!process.connected || (message.type === 'beat' && this.isClogged)) return false
    this.#sending++
    process.send?.(wrap(message), undefined, undefined, () => this.#sending--)
    return true
  }

  /**
   * Waits for the boot message, which the arbiter sends with the fork. If it has not come in the first turn of the
   * event loop, this worker asks for it: a preload that awaits something delays this listener, and an earlier message
   * is lost.
   */
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

  /** Handles messages of the arbiter; a later call replaces an earlier one. */
  onMessage(handle: (message: ToWorker<Config>) => void): void {
    this.#handle = handle
  }

  /** Calls `handle` when the arbiter is gone; a later call replaces an earlier one. */
  onClosed(handle: () => void): void {
    this.#closed = handle
  }
}

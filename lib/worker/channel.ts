import { type Boot, type FromWorker, type ToWorker, unwrap, wrap } from './protocol.js'

/** The worker's end of the channel to its arbiter. Its listeners live as long as the process: there is one channel. */
export class Channel<Config> {
  #sending = 0
  /** Handles the arbiter's messages. */
  onMessage: (message: ToWorker<Config>) => void = () => {}
  /** Called when the arbiter is gone. */
  onClosed: () => void = () => {}

  constructor() {
    process.on('internalMessage', (received: unknown) => {
      const message = unwrap<ToWorker<Config>>(received)
      if (message) this.onMessage(message)
    })
    process.once('disconnect', () => this.onClosed())
  }

  /** Sends a message, unless the arbiter is gone. Beats are dropped while it is stopped or busy and does not read. */
  send(message: FromWorker): void {
    if (!process.connected || (message.type === 'beat' && this.#sending > 0)) return
    this.#sending++
    process.send?.(wrap(message), undefined, undefined, () => this.#sending--)
  }

  /**
   * Waits for the boot message, which the arbiter sends with the fork. Asks for it after the first turn of the event
   * loop: a preload that awaits something delays this listener, and an earlier message is lost.
   */
  bootMessage(): Promise<Boot<Config>> {
    return new Promise(resolve => {
      const asking = setImmediate(() => this.send({ type: 'hello' }))
      this.onMessage = message => {
        if (message.type !== 'boot') return
        clearImmediate(asking)
        resolve(message)
      }
    })
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { isDying } from '../sys/is-dying.js'
import { type Boot, type FromWorker, type ToWorker, unwrap, wrap } from './protocol.js'

/** How often a worker looks for its parent if nothing tells that it dies, and the pause between, in milliseconds. */
const LOOKS = 20
const PAUSE = 20

/** The worker's end of the channel to its arbiter. Its listeners live as long as the process: there is one channel. */
export class Channel<Config> {
  #sending = 0
  /** Handles the arbiter's messages. */
  onMessage: (message: ToWorker<Config>) => void = () => {}
  /** Called when the channel has ended: the arbiter is gone, or something in this process has left it. */
  onClosed: () => void = () => {}

  constructor() {
    process.on('internalMessage', (received: unknown) => {
      const message = unwrap<ToWorker<Config>>(received)
      if (message) this.onMessage(message)
    })
    process.once('disconnect', () => this.onClosed())
  }

  get isOpen(): boolean {
    return process.connected
  }

  /**
   * Why the channel has ended. A process that dies closes its descriptors a moment before its children have another
   * parent.
   * @param arbiterPid  the parent of this process as long as it lives
   */
  async causeOfEnd(arbiterPid: number): Promise<'orphaned' | 'disconnected'> {
    for (let look = 0; look < LOOKS; look++) {
      if (process.ppid !== arbiterPid) return 'orphaned'
      const dies = isDying(arbiterPid)
      if (dies !== undefined) return dies ? 'orphaned' : 'disconnected'
      await sleep(PAUSE)
    }
    return 'disconnected'
  }

  /** Sends a message, unless the arbiter is gone. Beats are dropped while it is stopped or busy and does not read. */
  send(message: FromWorker): void {
    if (!this.isOpen || (message.type === 'beat' && this.#sending > 0)) return
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

import type { Logger } from '../../../config/hooks.js'

/** PM2's message for it. */
const READY = 'ready'

/**
 * Waits until the application calls `process.send('ready')`, with exactly this message, at any time after the
 * constructor. The message still goes to the arbiter like any other of the application's.
 */
export class ApplicationReady {
  readonly #sent: Promise<void>
  #isSent = false

  constructor() {
    this.#sent = new Promise(resolve => {
      watchSent(READY, () => {
        this.#isSent = true
        resolve()
      })
    })
  }

  /** Resolves when the message was sent. */
  async wait(log: Logger): Promise<void> {
    if (this.#isSent) return
    log.info("Application loaded, the worker waits for its process.send('ready')")
    await this.#sent
  }
}

/** Calls `onSent` when `message` is sent for the first time. `process.send` keeps all of Node's properties. */
function watchSent(message: string, onSent: () => void): void {
  const { send } = process
  if (!send) return
  const watching = new Proxy(send, {
    apply(target, self, args) {
      if (args[0] === message) {
        if (process.send === watching) process.send = send
        onSent()
      }
      return Reflect.apply(target, self, args)
    },
  })
  process.send = watching
}

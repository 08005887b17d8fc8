import type { Logger } from '../../../config/hooks.js'

/** PM2's message for it. */
const READY = 'ready'

/**
 * Waits until the application says that it is ready: `process.send('ready')`, exactly this message, at any time from
 * here on. The message still goes to the arbiter like any other of the application's.
 */
export class ApplicationReady {
  readonly #said: Promise<void>
  #isSaid = false

  constructor() {
    this.#said = new Promise(resolve => {
      watchSent(READY, () => {
        this.#isSaid = true
        resolve()
      })
    })
  }

  /** Resolves when it has been said. */
  async wait(log: Logger): Promise<void> {
    if (this.#isSaid) return
    log.info("Application loaded, the worker waits for its process.send('ready')")
    await this.#said
  }
}

/**
 * Calls `onSent` when `message` is sent for the first time. `process.send` stays a function with all of Node's
 * properties.
 */
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

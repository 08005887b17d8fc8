import type { Logger } from '../../../config/hooks.js'

/** PM2's message for it. */
const READY = 'ready'

/** Waits for the application's `process.send('ready')`, at any time after the constructor. It is sent all the same. */
export class ApplicationReady {
  #isSent = false
  readonly #sent = new Promise<void>(resolve => {
    whenSent(() => {
      this.#isSent = true
      resolve()
    })
  })

  async wait(log: Logger): Promise<void> {
    if (this.#isSent) return
    log.info("Application loaded, the worker waits for its process.send('ready')")
    await this.#sent
  }
}

/** Calls `onSent` when READY is sent for the first time. `process.send` keeps all of Node's properties. */
function whenSent(onSent: () => void): void {
  const { send } = process
  if (!send) return
  const watching = new Proxy(send, {
    apply(target, self, args) {
      if (args[0] === READY) {
        if (process.send === watching) process.send = send
        onSent()
      }
      return Reflect.apply(target, self, args)
    },
  })
  process.send = watching
}

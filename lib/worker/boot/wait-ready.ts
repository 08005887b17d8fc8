import type { Logger } from '../../../config/hooks.js'

/** PM2's word for it. */
const READY = 'ready'

/**
 * Waits for the application's own word that it is ready: `process.send('ready')`, exactly this message, at any time from here on. The
 * message goes on to the arbiter as any other of the application's, where nobody minds it.
 */
export class ApplicationReady {
  readonly #said: Promise<void>
  #isSaid = false

  constructor() {
    this.#said = new Promise(resolve => {
      hearSent(READY, () => {
        this.#isSaid = true
        resolve()
      })
    })
  }

  /**
   * Resolves when it has been said. The log says that it is waited for, and what was missing when the time is up; ending the worker
   * is then the arbiter's.
   * @param limit of the whole boot, from the start of the process, in milliseconds; 0 for none
   */
  async wait(log: Logger, limit: number): Promise<void> {
    if (this.#isSaid) return
    log.info("Application loaded, the worker waits for its process.send('ready')")
    const rest = limit - process.uptime() * 1000
    const timer = limit > 0 ? setTimeout(() => log.fatal({ limit }, overdue(limit)), Math.max(0, rest)) : undefined
    await this.#said
    clearTimeout(timer)
  }
}

function overdue(limit: number): string {
  const advice = 'send it when the application can serve, or do without --wait-ready'
  return `Worker failed to boot: the application has not said process.send('ready') within ${limit} ms (--boot-timeout); ${advice}`
}

/** Calls `heard` when `message` is sent for the first time. `process.send` stays what it is for everybody, with all its properties. */
function hearSent(message: string, heard: () => void): void {
  const { send } = process
  if (!send) return
  const listening = new Proxy(send, {
    apply(target, self, args) {
      if (args[0] === message) {
        if (process.send === listening) process.send = send
        heard()
      }
      return Reflect.apply(target, self, args)
    },
  })
  process.send = listening
}

import { Socket } from 'node:net'
import { JsonLines } from '../../sys/json-lines.js'
import type { Examination, Finding, FromWatchdog, ToWatchdog } from '../examination.js'

/** The watchdog's end of its channel to the arbiter, which works while the main thread hangs. */
export class ArbiterChannel {
  readonly #lines: JsonLines

  /** @param fd  of the socket that the worker has inherited for it */
  constructor(fd: number, examine: (examination: Examination) => Promise<Finding>) {
    const socket = new Socket({ fd, readable: true, writable: true })
    // What ends it is the end of the arbiter, of which the watchdog knows by other means.
    this.#lines = new JsonLines(socket, async value => {
      const { id, examination } = value as ToWatchdog // both ends run the same code
      this.#send({ type: 'found', id, finding: await examine(examination) })
    })
  }

  tellHang(report: string, stack: readonly string[]): void {
    this.#send({ type: 'hang', report, stack })
  }

  #send(message: FromWatchdog): void {
    this.#lines.send(message)
  }
}

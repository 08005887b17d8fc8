import { now } from '../../sys/clock.js'
import type { ResponseHead } from '../exchange.js'
import { reasonOf } from '../refusal.js'
import { KEEP_ALIVE_MARGIN } from '../waiting.js'

const SECOND = 1000

/** The lines of a head that are the same in all responses of a second. */
export class StatusLines {
  readonly #keepAlive: string
  /** When the date is to be made anew, by the clock of `now`. */
  #until = 0
  #date = ''
  #kept = ''
  #closed = ''
  #status: ResponseHead['status'] | undefined
  #line = ''

  /** @param keepAlive  how long an idle connection is kept, in milliseconds */
  constructor(keepAlive: number) {
    const seconds = Math.floor((keepAlive + KEEP_ALIVE_MARGIN) / SECOND)
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n\r\n`
  }

  /** The status line. Most responses have that of the one before. */
  first(status: ResponseHead['status']): string {
    if (status !== this.#status) {
      this.#status = status
      this.#line = `HTTP/1.1 ${status.code} ${status.reason}\r\n`
    }
    return this.#line
  }

  /** What a head ends with: Date and Connection. @param present  what `now` says */
  last(keeps: boolean, present: number): string {
    if (present >= this.#until) this.#renew(present)
    return keeps ? this.#kept : this.#closed
  }

  /** The same for a head that has a Date already. */
  lastButDate(keeps: boolean): string {
    return keeps ? this.#keepAlive : 'Connection: close\r\n\r\n'
  }

  /** A whole response, the last of its connection, whose body is the reason. */
  refusal(status: number, hasBody: boolean): string {
    const reason = reasonOf(status)
    const first = `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nDate: ${this.date}\r\n`
    return `${first}Content-Type: text/plain\r\nContent-Length: ${reason.length}\r\n\r\n${hasBody ? reason : ''}`
  }

  get date(): string {
    const present = now()
    if (present >= this.#until) this.#renew(present)
    return this.#date
  }

  #renew(present: number): void {
    const date = Date.now()
    this.#until = present + SECOND - (date % SECOND)
    this.#date = new Date(date).toUTCString()
    const line = `Date: ${this.#date}\r\n`
    this.#kept = line + this.lastButDate(true)
    this.#closed = line + this.lastButDate(false)
  }
}

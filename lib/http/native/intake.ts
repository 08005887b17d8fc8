import { Inbox, READ_AHEAD } from './inbox.js'
import type { Take } from './life.js'

/** Hands received bytes to whatever takes them, and holds what is left until more has come, or it is called again. */
export class Intake {
  readonly #taker: { readonly take: Take }
  #inbox: Inbox | undefined = undefined

  /** @param taker  takes all that it can use now */
  constructor(taker: { readonly take: Take }) {
    this.#taker = taker
  }

  get isEmpty(): boolean {
    return this.#inbox === undefined
  }

  get size(): number {
    return this.#inbox?.size ?? 0
  }

  /** So much is held that no more should be read. */
  get isFull(): boolean {
    return this.#inbox !== undefined && this.#inbox.size >= READ_AHEAD
  }

  received(bytes: Buffer, size: number): void {
    if (this.#inbox) {
      this.#inbox.add(bytes, 0, size)
      return this.takeHeld()
    }
    const rest = this.#taker.take(bytes, 0, size)
    if (rest === size) return
    this.#inbox = new Inbox()
    this.#inbox.add(bytes, rest, size)
  }

  takeHeld(): void {
    const inbox = this.#inbox
    if (!inbox) return
    const rest = this.#taker.take(inbox.bytes, inbox.start, inbox.end)
    if (rest === inbox.end) this.#inbox = undefined
    else inbox.takeUpTo(rest)
  }

  drop(): void {
    this.#inbox = undefined
  }
}

import type { Resolved } from '../../config/resolve.js'
import type { ControlledServer } from '../arbiter/control.js'
import { load } from './load.js'
import { KINDS, type Kind, type SenderName } from './senders.js'
import type { Sending } from './sending.js'

/** Sends figures to where the settings say, while they say so. */
export class Sender {
  readonly #name: SenderName
  readonly #server: ControlledServer
  #running: Sending | undefined
  /** It was closed, and something may go on from there. */
  #before: Sending | undefined
  #settings: string | undefined

  constructor(name: SenderName, server: ControlledServer) {
    this.#name = name
    this.#server = server
  }

  take(resolved: Resolved): void {
    const kind: Kind = KINDS[this.#name]
    const settings = kind.isWanted(resolved) ? JSON.stringify(kind.settings(resolved)) : undefined
    if (settings === this.#settings && !this.#running?.isOver) return
    void this.close()
    this.#settings = settings
    if (settings === undefined) this.#before = undefined
    else this.#running = load().send(this.#name, this.#server, resolved, this.#before)
  }

  /** Resolves when the last figures are sent, or cannot be sent in time. */
  async close(): Promise<void> {
    const running = this.#running
    this.#before = running ?? this.#before
    this.#running = undefined
    this.#settings = undefined
    await running?.close()
  }
}

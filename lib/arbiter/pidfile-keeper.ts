import { Pidfile } from '../sys/pidfile.js'
import type { Predecessor } from './handover.js'

/** The arbiter's pid file through reloads and upgrades: while a predecessor lives, ours has `.2` at its end. */
export class PidfileKeeper {
  #file: Pidfile | undefined
  #suffix: string
  readonly #predecessor: number | undefined

  constructor(predecessor: Predecessor | undefined) {
    this.#suffix = predecessor ? '.2' : ''
    this.#predecessor = predecessor?.pid
  }

  /** Writes the file at another path, and removes the one before. Throws UnicornError; the old file stays then. */
  change(path: string | undefined): void {
    const file = path === undefined ? undefined : new Pidfile(path + this.#suffix)
    this.#file?.remove()
    this.#file = file
  }

  /** The predecessor is gone: its path is ours, unless somebody else has it by now. Throws as `change` does. */
  takeOver(path: string | undefined): void {
    this.#suffix = ''
    const file = path === undefined ? undefined : new Pidfile(path, this.#predecessor)
    this.#file?.remove()
    this.#file = file
  }

  remove(): void {
    this.#file?.remove()
  }
}

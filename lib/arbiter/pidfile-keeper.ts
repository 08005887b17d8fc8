import { Pidfile } from '../sys/pidfile.js'
import type { Predecessor } from './handover.js'

/** Keeps the arbiter's pid file through reloads and upgrades. While a predecessor lives, the path ends with `.2`. */
export class PidfileKeeper {
  #file: Pidfile | undefined
  #suffix: string
  readonly #predecessor: number | undefined

  constructor(predecessor: Predecessor | undefined) {
    this.#suffix = predecessor ? '.2' : ''
    this.#predecessor = predecessor?.pid
  }

  /**
   * Writes the file at another path, then removes the old one, which stays if this throws.
   * @param gone whose file may be there; @throws UnicornError if a live process has one there, or it cannot be written
   */
  change(path: string | undefined, gone?: number): void {
    const file = path === undefined ? undefined : new Pidfile(path + this.#suffix, gone)
    this.#file?.remove()
    this.#file = file
  }

  /** Takes over the path of a predecessor that is gone. @throws UnicornError as `change` does */
  takeOver(path: string | undefined): void {
    this.#suffix = ''
    this.change(path, this.#predecessor)
  }

  remove(): void {
    this.#file?.remove()
  }
}

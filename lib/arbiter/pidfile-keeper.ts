import { Pidfile } from '../sys/pidfile.js'
import type { Predecessor } from './handover.js'

/** Keeps the arbiter's pid file through reloads and upgrades. While a predecessor lives, the path ends with `.2`. */
export class PidfileKeeper {
  #file: Pidfile | undefined
  /** Files of reloads that are not committed. */
  readonly #claims = new Set<Pidfile>()
  #suffix: string
  readonly #predecessor: number | undefined

  constructor(predecessor: Predecessor | undefined) {
    this.#suffix = predecessor ? '.2' : ''
    this.#predecessor = predecessor?.pid
  }

  /**
   * Writes the file of a reload beside the present one, so that a failure is known before anything changes.
   * @returns what `drop` is to be called with when the reload is over
   * @throws UnicornError if a live process has a file there, or it cannot be written
   */
  claim(path: string): Pidfile {
    const file = new Pidfile(path + this.#suffix)
    this.#claims.add(file)
    return file
  }

  /** Removes the file of a reload, unless it is the arbiter's by now. */
  drop(claim: Pidfile): void {
    this.#claims.delete(claim)
    if (claim.path !== this.#file?.path) claim.remove()
  }

  /**
   * Writes the file, even if it should be there already, and then removes one at another path, which stays if this
   * throws.
   * @param gone whose file may be there; @throws UnicornError if a live process has one there, or it cannot be written
   */
  change(path: string | undefined, gone?: number): void {
    const file = path === undefined ? undefined : new Pidfile(path + this.#suffix, gone)
    if (this.#file?.path !== file?.path) this.#file?.remove()
    this.#file = file
  }

  /** Takes over the path of a predecessor that is gone. @throws UnicornError as `change` does */
  takeOver(path: string | undefined): void {
    this.#suffix = ''
    this.change(path, this.#predecessor)
  }

  remove(): void {
    this.#file?.remove()
    for (const claim of this.#claims) claim.remove()
  }
}

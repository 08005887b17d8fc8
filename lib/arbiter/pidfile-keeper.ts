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

  /** Writes the file at another path, then removes the old one. @throws UnicornError; the old file stays then */
  change(path: string | undefined): void {
    const file = path === undefined ? undefined : new Pidfile(path + this.#suffix)
    this.#file?.remove()
    this.#file = file
  }

  /**
   * Takes over the path of a predecessor that is gone.
   * @throws UnicornError as `change` does, also if another live process has written its pid there
   */
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

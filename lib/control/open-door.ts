import type { Config } from '../../config/settings.js'
import type { ControlledServer } from '../arbiter/control.js'
import { UnicornError } from '../errors.js'
import { bindText } from '../listeners/address.js'
import { type InheritedSocket, Listeners } from '../listeners/listeners.js'
import { DOORS, type DoorName } from './doors.js'
import { load } from './load.js'
import type { ControlServer } from './server.js'

/** How many connections the kernel queues. */
const BACKLOG = 1024

/** One way in: its listening socket, and the server behind it while there is one. */
export class OpenDoor {
  readonly #name: DoorName
  readonly #server: ControlledServer
  #listeners = Listeners.none
  #http: ControlServer | undefined
  /** A successor serves at the same sockets. */
  #isResting = false

  constructor(name: DoorName, server: ControlledServer) {
    this.#name = name
    this.#server = server
  }

  get sockets(): readonly InheritedSocket[] {
    return this.#listeners.own
  }

  /**
   * Binds the address of a configuration, beside the one that is open.
   * @param inherited  from a predecessor; the one for that address is taken
   * @throws UnicornError that names the address that cannot be bound
   */
  async bind(config: Config, inherited: readonly InheritedSocket[]): Promise<Listeners> {
    const door = DOORS[this.#name]
    const address = door.address(config)
    if (!address) return Listeners.none
    const own = inherited.filter(socket => socket.address === bindText(address))
    try {
      return await this.#listeners.change([address], { backlog: BACKLOG, umask: door.umask(config) }, own)
    } catch (error) {
      if (!(error instanceof UnicornError)) throw error
      throw new UnicornError(`${this.#name}: ${error.message}`, error.cause)
    }
  }

  take(next: Listeners): void {
    const before = this.#listeners
    this.#listeners = next
    if (next.names.length === 0) this.#end()
    else this.#open(next)
    before.close({ next })
    if (next.names.length > 0 && next.names.join() !== before.names.join()) {
      this.#server.log.info(`${this.#name} at: ${next.names.join(', ')}`)
    }
  }

  drop(next: Listeners): void {
    next.close({ next: this.#listeners })
  }

  rest(isResting: boolean): void {
    this.#isResting = isResting
    if (isResting) this.#http?.shut()
    else if (this.#listeners.names.length > 0) this.#open(this.#listeners)
  }

  close(unlink: boolean): void {
    this.#end()
    const listeners = this.#listeners
    this.#listeners = Listeners.none
    listeners.close({ unlink })
  }

  #open({ fds }: Listeners): void {
    this.#http ??= load().serve(this.#name, this.#server)
    if (!this.#isResting) this.#http.open({ fds, backlog: BACKLOG })
  }

  #end(): void {
    this.#http?.close()
    this.#http = undefined
  }
}

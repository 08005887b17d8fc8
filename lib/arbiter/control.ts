import type { Snapshot } from '../../config/hooks.js'
import type { Resolved } from '../../config/resolve.js'
import type { Config } from '../../config/settings.js'
import type { InheritedSocket } from '../listeners/listeners.js'
import type { Logger } from '../logging/log.js'
import type { CommandName, CommandOf } from './commands.js'
import type { EventStream } from './events.js'
import type { OutcomeOf } from './outcome.js'

/** A server, as what shows and steers it has it: what it is, what happens to it, and what it can be asked to do. */
export interface ControlledServer {
  readonly log: Logger
  /** In force. */
  readonly config: Config
  /** Taken when it is read. */
  readonly snapshot: Snapshot
  readonly events: EventStream
  /** Whether another arbiter of an upgrade lives, whose workers serve as well. */
  readonly isServedByOther: boolean
  /**
   * Asks all workers what their applications have counted.
   * @returns the ages of those that were asked; `onMetrics` gets what each answers, if it does
   */
  askMetrics(): readonly number[]
  /** @param listener  gets what a worker says, which is foreign data, or undefined when it is gone */
  onMetrics(listener: (age: number, families: unknown) => void): void
  request<Name extends CommandName>(command: CommandOf<Name>): Promise<OutcomeOf<Name>>
}

/** What shows a server and steers it from outside. The room `lib/control` has it; the arbiter knows no more of it. */
export interface Control {
  /**
   * Binds what a configuration adds to the addresses that are open, beside them. Nothing else changes before `take`.
   * @param inherited  what a predecessor has handed over; those that are wanted are taken
   * @throws UnicornError that names the address that cannot be bound
   */
  prepare(resolved: Resolved, inherited: readonly InheritedSocket[]): Promise<Prepared>
  /** Leaves new connections to a successor on the same sockets, or takes them again. */
  rest(isResting: boolean): void
  /** The listening sockets, for a successor. */
  readonly sockets: readonly InheritedSocket[]
  /**
   * Ends all of it at once.
   * @param unlink  false if another arbiter serves the unix paths
   * @returns resolves when the last figures are sent to where they go, or cannot be sent in a few seconds
   */
  close(unlink: boolean): Promise<void>
}

/** What a configuration wants of a `Control`. One of the two is called, once. */
export interface Prepared {
  /** It is in force from now on. */
  take(): void
  drop(): void
}

/** Of a server that nothing shows or steers. */
export const NO_CONTROL: Control = {
  prepare: async () => ({ take: () => {}, drop: () => {} }),
  rest: () => {},
  sockets: [],
  close: async () => {},
}

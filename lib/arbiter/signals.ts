import { keepListener, release } from '../sys/confinement.js'
import { COMMAND_OF, type Command } from './commands.js'

type Take = (signal: NodeJS.Signals, command: Command) => void

/**
 * The signals that have a command, and the errors that nothing catches, from the first moment of the process on.
 * Signals wait until they are taken. CHLD is not among them, since Node reaps the children that it spawned.
 */
export class ProcessEvents {
  readonly #held: Parameters<Take>[] = []
  readonly #listeners: (readonly [NodeJS.Signals, () => void])[]
  #take: Take = (...arrival) => this.#held.push(arrival)
  #uncaught: (error: unknown) => void

  /** @param uncaught gets errors that nothing catches, until `survive` */
  constructor(uncaught: (error: unknown) => void) {
    this.#uncaught = uncaught
    const commands = Object.entries(COMMAND_OF) as [NodeJS.Signals, Command][] // the table's names are signals
    this.#listeners = commands.map(([signal, command]) => [signal, keepListener(() => this.#take(signal, command))])
    for (const [signal, listener] of this.#listeners) process.on(signal, listener)
    const caught = keepListener((error: unknown) => this.#uncaught(error))
    process.on('uncaughtException', caught)
  }

  /** From now on `take` gets each signal, and first those that have waited. */
  take(take: Take): void {
    this.#take = take
    for (const arrival of this.#held.splice(0)) take(...arrival)
  }

  /** Until they are taken, signals wait, but those that stop the server call `end` at once. */
  endAtStop(end: (signal: NodeJS.Signals) => void): void {
    this.take((signal, command) => (command.name === 'stop' ? end(signal) : this.#held.push([signal, command])))
  }

  /** From now on errors that nothing catches do not end the process: a timer that a hook has set may throw. */
  survive(log: (error: unknown) => void): void {
    this.#uncaught = log
  }

  /** Gives signals their usual effect again: this process runs no server. */
  release(): void {
    release()
    for (const [signal, listener] of this.#listeners) process.off(signal, listener)
    for (const [signal, command] of this.#held) if (command.name === 'stop') process.kill(process.pid, signal)
  }
}

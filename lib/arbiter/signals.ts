import { COMMAND_OF, type Command } from './commands.js'

/**
 * Calls `queue` for each signal that has a command; the handlers themselves do nothing else. CHLD is not among them,
 * since Node reaps the children that it spawned.
 */
export function queueSignals(queue: (signal: string, command: Command) => void): void {
  for (const [signal, command] of Object.entries(COMMAND_OF)) process.on(signal, () => queue(signal, command))
}

/** Logs uncaught errors, from a timer that a hook has set for example: they must not end a server that serves. */
export function surviveErrors(log: (error: unknown) => void): void {
  process.on('uncaughtException', log)
}

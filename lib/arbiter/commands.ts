import type { LogLevel } from '../logging/names.js'
import type { Examination } from '../worker/examination.js'

/** THE table of commands to an arbiter, with their arguments. `OutcomeOf` has what can become of each. */
interface Commands {
  /** Ends the server: workers finish what they have, or drop it. */
  stop: { readonly how: 'gracefully' | 'quickly' }
  /** Reads the configuration anew and replaces all workers. */
  reload: object
  /** Changes the number of workers, until the next reload. One worker always stays. */
  scale: { readonly by: number } | { readonly to: number }
  /** Opens the log files anew by their paths, in the arbiter and in all workers. */
  reopen: object
  /** Starts a new arbiter on the same sockets, from what is on disk. */
  upgrade: object
  /** Retires all workers while the new arbiter of an upgrade serves. */
  dismiss: object
  /** Replaces one worker, which serves until its replacement is ready. `worker` is a pid or an index. */
  retire: { readonly worker: number }
  /** Ends one worker at once, by KILL. It is replaced. `worker` is a pid or an index. */
  kill: { readonly worker: number }
  /** Looks into one worker, by its watchdog. `worker` is a pid or an index. */
  examine: { readonly worker: number; readonly examination: Examination }
  /** Which lines the error log holds from now on, until the next reload. */
  loglevel: { readonly level: LogLevel }
}

export type CommandName = keyof Commands
export type CommandOf<Name extends CommandName> = { [N in Name]: { readonly name: N } & Commands[N] }[Name]
export type Command = CommandOf<CommandName>

/** The command that each signal stands for; `docs/signals.md` is the contract. */
export const COMMAND_OF = {
  SIGTERM: { name: 'stop', how: 'gracefully' },
  SIGINT: { name: 'stop', how: 'quickly' },
  SIGQUIT: { name: 'stop', how: 'quickly' },
  SIGHUP: { name: 'reload' },
  SIGTTIN: { name: 'scale', by: 1 },
  SIGTTOU: { name: 'scale', by: -1 },
  SIGUSR1: { name: 'reopen' },
  SIGUSR2: { name: 'upgrade' },
  SIGWINCH: { name: 'dismiss' },
} as const satisfies Partial<Record<NodeJS.Signals, Command>>

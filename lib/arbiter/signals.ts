/** The signals that mean something to an arbiter; `docs/signals.md` is the contract. */
export const ARBITER_SIGNALS = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
] as const

export type ArbiterSignal = (typeof ARBITER_SIGNALS)[number]

/** Has each signal handed to `queue`; nothing is done in the handler itself. Node reaps children by itself, so CHLD is not among them. */
export function queueSignals(queue: (signal: ArbiterSignal) => void): void {
  for (const signal of ARBITER_SIGNALS) process.on(signal, queue)
}

/** An error that nobody caught, from a hook's timer say, must not end a server that serves. */
export function surviveErrors(log: (error: unknown) => void): void {
  process.on('uncaughtException', log)
}

import { DRAIN } from './protocol.js'

/** What a worker does at each signal that it obeys. */
const ORDERS = [
  [DRAIN, 'drain'],
  // From another process than the arbiter.
  ['SIGTERM', 'term'],
  ['SIGINT', 'quit'],
  ['SIGQUIT', 'quit'],
  // The arbiter takes this worker for hung.
  ['SIGABRT', 'abort'],
  ['SIGUSR1', 'reopen'],
] as const

export type SignalHandlers = Record<(typeof ORDERS)[number][1], () => void>

/** They mean something to an arbiter only; by default each would kill a worker. */
const IGNORED = ['SIGHUP', 'SIGUSR2', 'SIGWINCH', 'SIGTTIN', 'SIGTTOU', 'SIGPIPE'] as const

/** The signals of one worker, from the first moment of its boot. Once it serves, it handles them by itself. */
export class WorkerSignals {
  handlers: SignalHandlers
  /** This object's own listeners. */
  readonly listeners: ReadonlySet<ReturnType<typeof process.rawListeners>[number]>

  constructor(handlers: SignalHandlers) {
    this.handlers = handlers
    const listeners = new Map<NodeJS.Signals, () => void>(IGNORED.map(signal => [signal, () => {}]))
    for (const [signal, order] of ORDERS) listeners.set(signal, () => this.handlers[order]())
    // Ahead of those of a preload: what that begins at TERM is to be seen.
    for (const [signal, listener] of listeners) process.prependListener(signal, listener)
    this.listeners = new Set(listeners.values())
  }
}

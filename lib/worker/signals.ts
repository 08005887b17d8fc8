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
  /** The listeners of TERM and INT so far: those that are not the application's. */
  readonly listeners: ReadonlySet<ReturnType<typeof process.rawListeners>[number]>

  constructor(handlers: SignalHandlers) {
    this.handlers = handlers
    for (const [signal, order] of ORDERS) process.on(signal, () => this.handlers[order]())
    for (const signal of IGNORED) process.on(signal, () => {})
    this.listeners = new Set([...process.rawListeners('SIGTERM'), ...process.rawListeners('SIGINT')])
  }
}

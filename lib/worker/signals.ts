import { DRAIN } from './protocol.js'

/** What a worker does at each signal that it obeys. */
export interface SignalHandlers {
  /** DRAIN, from the arbiter: drain and exit. */
  drain(): void
  /** TERM, from another process than the arbiter: the same. */
  term(): void
  /** INT, QUIT: drop everything and exit. */
  quit(): void
  /** ABRT: the arbiter takes this worker for hung. */
  abort(): void
  /** USR1: reopen the log files. */
  reopen(): void
}

/** They mean something to an arbiter only; by default each would kill a worker. */
const IGNORED = ['SIGHUP', 'SIGUSR2', 'SIGWINCH', 'SIGTTIN', 'SIGTTOU', 'SIGPIPE'] as const

/** The signals of one worker, from the first moment of its boot. Once it serves, it handles them by itself. */
export class WorkerSignals {
  #handlers: SignalHandlers
  /** The listeners of TERM and INT so far: those that are not the application's. */
  readonly listeners: ReadonlySet<ReturnType<typeof process.rawListeners>[number]>

  constructor(handlers: SignalHandlers) {
    this.#handlers = handlers
    process.on(DRAIN, () => this.#handlers.drain())
    process.on('SIGTERM', () => this.#handlers.term())
    process.on('SIGINT', () => this.#handlers.quit())
    process.on('SIGQUIT', () => this.#handlers.quit())
    process.on('SIGABRT', () => this.#handlers.abort())
    process.on('SIGUSR1', () => this.#handlers.reopen())
    for (const signal of IGNORED) process.on(signal, () => {})
    this.listeners = new Set([...process.rawListeners('SIGTERM'), ...process.rawListeners('SIGINT')])
  }

  handleBy(handlers: SignalHandlers): void {
    this.#handlers = handlers
  }
}

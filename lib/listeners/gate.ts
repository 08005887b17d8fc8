import { closeSync } from 'node:fs'
import { toError } from '../errors.js'
import { acceptNow, duplicate, hasPending } from '../sys/libc.js'
import { adoptAlike, adoptHandle, type ClientHandle, type ServerHandle, systemError } from './server-handle.js'

/** Gets each accepted connection, and the inherited descriptor of the listener that it came by. */
type OnConnection = (client: ClientHandle, fd: number) => void

/**
 * The worker's accept gate: it can stop accepting while other workers go on, which Node has no call for. The inherited
 * descriptors stay untouched. To accept, the gate opens a handle on a duplicate of each; closing those closes the gate.
 * A handle accepts one connection per wakeup (libuv 1.45): a worker that closes all in the callback takes exactly one.
 */
export class Gate {
  readonly #backlog: number
  readonly #onConnection: OnConnection
  readonly #onError: (error: Error) => void
  #fds: readonly number[]
  /** The open ones, by the descriptor of their listener. */
  readonly #handles = new Map<number, ServerHandle>()
  #hasFailed = false
  /** A handle for each listener, by its descriptor, open or closed: `adoptAlike` needs only its class. */
  readonly #samples = new Map<number, ServerHandle>()

  constructor(
    sockets: { fds: readonly number[]; backlog: number },
    onConnection: OnConnection,
    onError: (error: Error) => void,
  ) {
    this.#fds = sockets.fds
    this.#backlog = sockets.backlog
    this.#onConnection = onConnection
    this.#onError = onError
  }

  /** The descriptors of the listeners that are not given up. */
  get fds(): readonly number[] {
    return this.#fds
  }

  get isOpen(): boolean {
    return this.#handles.size > 0
  }

  /** Whether it is open at every listener. */
  get isWideOpen(): boolean {
    return this.#handles.size === this.#fds.length
  }

  /** Opens at each listener where it is shut. One that cannot be opened, for lack of descriptors say, stays shut. */
  open(): void {
    try {
      for (const fd of this.#fds) if (!this.#handles.has(fd)) this.#handles.set(fd, this.#accept(fd))
      this.#hasFailed = false
    } catch (error) {
      if (!this.#hasFailed) this.#onError(toError(error))
      this.#hasFailed = true
    }
  }

  /** Accepts a connection that waits; returns whether one did. A busy sync worker need not open the gate for each. */
  take(): boolean {
    for (const fd of this.#fds) {
      const client = acceptNow(fd)
      if (client === undefined) continue
      this.#onConnection(this.#adoptOrClose(client, fd), fd)
      return true
    }
    return false
  }

  close(): void {
    for (const handle of this.#handles.values()) handle.close()
    this.#handles.clear()
  }

  /** Returns whether a connection waits in the kernel's queue of any listener. */
  hasPending(): boolean {
    return this.#fds.some(hasPending)
  }

  /**
   * Closes the gate, and the other inherited descriptors, so that this process no longer keeps those sockets listening.
   * @param kept the places of the listeners that stay
   */
  giveUpAllBut(kept: readonly number[]): void {
    this.close()
    for (const [index, fd] of this.#fds.entries()) if (!kept.includes(index)) closeSync(fd)
    this.#fds = this.#fds.filter((_, index) => kept.includes(index))
  }

  giveUp(): void {
    this.giveUpAllBut([])
  }

  /** @param listener the descriptor that `fd` duplicates or was accepted from: both are of one kind */
  #adopt(fd: number, listener: number): ServerHandle {
    const sample = this.#samples.get(listener)
    if (sample) return adoptAlike(sample, fd)
    const handle = adoptHandle(fd)
    this.#samples.set(listener, handle)
    return handle
  }

  #adoptOrClose(fd: number, listener: number): ServerHandle {
    try {
      return this.#adopt(fd, listener)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  #accept(fd: number): ServerHandle {
    const handle = this.#adoptOrClose(duplicate(fd), fd)
    handle.onconnection = (status, client) => {
      if (client) this.#onConnection(client, fd)
      else this.#onError(systemError('accept', status))
    }
    // libuv's listen sets the length of the queue again, so it gets the configured one.
    const status = handle.listen(this.#backlog)
    if (status === 0) return handle
    handle.close()
    throw systemError('listen', status)
  }
}

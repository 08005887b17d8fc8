import { closeSync } from 'node:fs'
import { duplicate, hasPending } from '../sys/libc.js'
import { adoptHandle, type ClientHandle, type ServerHandle, systemError } from './server-handle.js'

/** Called for each accepted connection, with the index of its listener. */
export type OnConnection = (client: ClientHandle, listener: number) => void

/**
 * The worker's accept gate: a way to stop accepting while other workers go on, which Node has no call for. The inherited
 * descriptors stay untouched; to accept, the gate opens a handle on a duplicate of each, and closing those handles closes the
 * gate. A handle accepts one connection per wakeup (libuv 1.45), and closing all of them in the callback takes exactly one.
 */
export class Gate {
  readonly #fds: readonly number[]
  readonly #backlog: number
  readonly #onConnection: OnConnection
  readonly #onError: (error: Error) => void
  #handles: ServerHandle[] = []
  #gone = false

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

  get isOpen(): boolean {
    return this.#handles.length > 0
  }

  /** Whether the inherited descriptors were given up: the gate stays shut. */
  get isGone(): boolean {
    return this.#gone
  }

  open(): void {
    if (this.isOpen || this.#gone) return
    for (let index = 0; index < this.#fds.length; index++) this.#handles.push(this.#accept(index))
  }

  close(): void {
    if (!this.isOpen) return
    for (const handle of this.#handles) handle.close()
    this.#handles = []
  }

  /** Whether a connection waits in the kernel's queue of any listener. */
  hasPending(): boolean {
    return this.#fds.some(hasPending)
  }

  /** Closes the gate and gives the inherited descriptors up, so that this process no longer keeps the sockets listening. */
  leave(): void {
    if (this.#gone) return
    this.close()
    this.#gone = true
    for (const fd of this.#fds) closeSync(fd)
  }

  #accept(index: number): ServerHandle {
    const handle = adoptHandle(duplicate(this.#fds[index] ?? -1))
    handle.onconnection = (status, client) => {
      if (client) this.#onConnection(client, index)
      else this.#onError(systemError('accept', status))
    }
    // listen(2) sets the queue's length anew, so it must be the configured one.
    const status = handle.listen(this.#backlog)
    if (status === 0) return handle
    handle.close()
    throw systemError('listen', status)
  }
}

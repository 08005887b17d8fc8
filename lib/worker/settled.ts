import type { Socket } from 'node:net'

/** After one to two of these a connection counts as settled, in milliseconds. */
const EPOCH = 3
/** In place of an epoch's number: settled. */
const SETTLED = Number.NEGATIVE_INFINITY

/** The connections of one epoch that are not settled yet. */
interface Young {
  open: number
  silent: number
}

/**
 * Counts the connections that stay: those of clients that keep them alive or wait for a long response. A connection for one quick
 * request never counts, and needs no timer of its own: time is cut into epochs, and what was open in an earlier one than the last
 * is settled.
 */
export class SettledConnections {
  readonly #connections = new Map<Socket, { epoch: number; silent: boolean }>()
  readonly #changed: () => void
  #epoch = 0
  #fresh: Young = { open: 0, silent: 0 }
  /** Those of the epoch before. */
  #aging: Young = { open: 0, silent: 0 }
  #count = 0
  #timer: NodeJS.Timeout | undefined

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get count(): number {
    return this.#count
  }

  /** Young ones that have sent no request yet. Many of them are a burst: one worker could take it all before any other wakes. */
  get silent(): number {
    return this.#fresh.silent + this.#aging.silent
  }

  add(socket: Socket): void {
    this.#connections.set(socket, { epoch: this.#epoch, silent: true })
    this.#fresh.open++
    this.#fresh.silent++
    this.#timer ??= setTimeout(() => this.#turn(), EPOCH)
  }

  /** It has sent a request. */
  spoke(socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (!connection?.silent) return
    connection.silent = false
    const young = this.#youngOf(connection.epoch)
    if (young) young.silent--
  }

  /** It was answered and stays open: settled at once. */
  keep(socket: Socket): void {
    const connection = this.#connections.get(socket)
    const young = connection && this.#youngOf(connection.epoch)
    if (!young) return
    young.open--
    connection.epoch = SETTLED
    this.#settle(1)
  }

  remove(socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (!connection) return
    this.#connections.delete(socket)
    const young = this.#youngOf(connection.epoch)
    if (!young) return this.#settle(-1)
    young.open--
    if (connection.silent) young.silent--
  }

  #youngOf(epoch: number): Young | undefined {
    if (epoch === this.#epoch) return this.#fresh
    return epoch === this.#epoch - 1 ? this.#aging : undefined
  }

  #turn(): void {
    const settled = this.#aging.open
    this.#epoch++
    this.#aging = this.#fresh
    this.#fresh = { open: 0, silent: 0 }
    this.#timer = this.#aging.open > 0 ? setTimeout(() => this.#turn(), EPOCH) : undefined
    if (settled > 0) this.#settle(settled)
  }

  #settle(change: number): void {
    this.#count += change
    this.#changed()
  }
}

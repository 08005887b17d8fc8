import type { ClientSocket } from '../../http/node/client-socket.js'

/** After one to two of these a connection counts as settled, in milliseconds. */
const EPOCH = 3
/** In place of an epoch's number: settled. */
const SETTLED = Number.NEGATIVE_INFINITY

/** The connections of one epoch that are not settled yet. */
interface Young {
  open: number
  silent: number
  /** Closed before they were settled. */
  gone: number
}

/**
 * Counts the connections that stay: those of clients that keep them alive or wait for a long response. A connection for one quick
 * request never counts, and needs no timer of its own: time is cut into epochs, and what was open in an earlier one than the last
 * is settled.
 */
export class SettledConnections {
  readonly #changed: () => void
  #epoch = 0
  #fresh: Young = { open: 0, silent: 0, gone: 0 }
  /** Those of the epoch before. */
  #aging: Young = { open: 0, silent: 0, gone: 0 }
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

  /** Whether connections come and go, as those for one request do, which need not be spread. */
  get arePassing(): boolean {
    return this.#fresh.gone + this.#aging.gone > 0
  }

  add(socket: ClientSocket): void {
    socket.epoch = this.#epoch
    this.#fresh.open++
    this.#fresh.silent++
    this.#timer ??= setTimeout(() => this.#turn(), EPOCH)
  }

  /** It has sent a request. */
  spoke(socket: ClientSocket): void {
    if (!socket.silent) return
    socket.silent = false
    const young = this.#youngOf(socket.epoch)
    if (young) young.silent--
  }

  /** It was answered and stays open: settled at once. */
  keep(socket: ClientSocket): void {
    const young = this.#youngOf(socket.epoch)
    if (!young) return
    young.open--
    socket.epoch = SETTLED
    this.#settle(1)
  }

  remove(socket: ClientSocket): void {
    const young = this.#youngOf(socket.epoch)
    if (!young) return this.#settle(-1)
    young.open--
    young.gone++
    if (socket.silent) young.silent--
  }

  #youngOf(epoch: number): Young | undefined {
    if (epoch === this.#epoch) return this.#fresh
    return epoch === this.#epoch - 1 ? this.#aging : undefined
  }

  #turn(): void {
    const settled = this.#aging.open
    this.#epoch++
    this.#aging = this.#fresh
    this.#fresh = { open: 0, silent: 0, gone: 0 }
    this.#timer = this.#aging.open > 0 ? setTimeout(() => this.#turn(), EPOCH) : undefined
    if (settled > 0) this.#settle(settled)
  }

  #settle(change: number): void {
    this.#count += change
    this.#changed()
  }
}

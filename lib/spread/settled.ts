/** After one to two of these a connection counts as settled, in milliseconds. */
const EPOCH = 3
/** The mark of a settled connection. A young one has twice its epoch, and 1 more while it is silent. */
const SETTLED = -1

/** A connection; `SettledConnections` alone writes its mark. */
export interface Marked {
  mark: number
}

/** The connections of one epoch that are not settled yet. */
interface Young {
  open: number
  silent: number
  /** Closed before they were settled. */
  gone: number
}

/**
 * Counts the connections that stay: those of clients that keep them alive or wait for a long response. A connection for
 * one quick request never counts, and needs no timer of its own: time is cut into epochs, and a connection that was
 * open before the last one began is settled.
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

  /** Young connections that have sent no request yet. */
  get silent(): number {
    return this.#fresh.silent + this.#aging.silent
  }

  /** Whether connections come and go, as those for one request do, which need not be spread. */
  get arePassing(): boolean {
    return this.#fresh.gone + this.#aging.gone > 0
  }

  add(connection: Marked): void {
    connection.mark = this.#epoch * 2 + 1
    this.#fresh.open++
    this.#fresh.silent++
    this.#timer ??= setTimeout(() => this.#turn(), EPOCH)
  }

  requested(connection: Marked): void {
    if (!isSilent(connection)) return
    const young = this.#youngOf(connection)
    if (young) young.silent--
    connection.mark--
  }

  /** The connection was answered and stays open: it is settled at once. */
  keep(connection: Marked): void {
    const young = this.#youngOf(connection)
    if (!young) return
    young.open--
    connection.mark = SETTLED
    this.#settle(1)
  }

  remove(connection: Marked): void {
    const young = this.#youngOf(connection)
    if (!young) return this.#settle(-1)
    young.open--
    young.gone++
    if (isSilent(connection)) young.silent--
  }

  #youngOf({ mark }: Marked): Young | undefined {
    const epoch = Math.floor(mark / 2)
    if (epoch === this.#epoch) return this.#fresh
    return epoch === this.#epoch - 1 && mark !== SETTLED ? this.#aging : undefined
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

function isSilent({ mark }: Marked): boolean {
  return mark !== SETTLED && mark % 2 === 1
}

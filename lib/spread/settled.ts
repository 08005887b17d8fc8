/** After one to two of these a connection counts as settled, in milliseconds. */
const EPOCH = 3

/**
 * The mark of a settled connection. That of a young one is four times its epoch, and 1 more while it is silent, and 2
 * more while it may be in a handshake.
 */
const SETTLED = -1
const SILENT = 1
const SECURE = 2
const FLAGS = 4

/** A connection; `SettledConnections` alone writes its mark. */
export interface Marked {
  mark: number
  /** What the client sends first is no request: the handshake of TLS takes its time. */
  readonly isInHandshake?: boolean
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
 * open before the last one began is settled. By TLS its time begins with its first request; before that it is silent
 * for as long as any other, and then counts for nothing.
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
    const isSecure = connection.isInHandshake === true
    this.#enter(connection, isSecure ? SILENT + SECURE : SILENT)
    if (!isSecure) this.#fresh.open++
    this.#fresh.silent++
  }

  requested(connection: Marked): void {
    if (!has(connection, SILENT)) return
    const young = this.#youngOf(connection)
    if (young) young.silent--
    if (!has(connection, SECURE)) {
      connection.mark -= SILENT
    } else {
      this.#enter(connection, 0)
      this.#fresh.open++
    }
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
    const counts = !has(connection, SECURE)
    if (young) {
      if (counts) young.open--
      young.gone++
      if (has(connection, SILENT)) young.silent--
    } else if (counts) {
      this.#settle(-1)
    }
  }

  #enter(connection: Marked, flags: number): void {
    connection.mark = this.#epoch * FLAGS + flags
    this.#timer ??= setTimeout(() => this.#turn(), EPOCH)
  }

  #youngOf({ mark }: Marked): Young | undefined {
    const epoch = Math.floor(mark / FLAGS)
    if (epoch === this.#epoch) return this.#fresh
    return epoch === this.#epoch - 1 && mark !== SETTLED ? this.#aging : undefined
  }

  #turn(): void {
    const settled = this.#aging.open
    this.#epoch++
    this.#aging = this.#fresh
    this.#fresh = { open: 0, silent: 0, gone: 0 }
    const { open, silent } = this.#aging
    this.#timer = open + silent > 0 ? setTimeout(() => this.#turn(), EPOCH) : undefined
    if (settled > 0) this.#settle(settled)
  }

  #settle(change: number): void {
    this.#count += change
    this.#changed()
  }
}

function has({ mark }: Marked, flag: number): boolean {
  return mark !== SETTLED && ((mark % FLAGS) & flag) !== 0
}

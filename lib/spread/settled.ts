/** After one to two of these a connection counts as settled, in milliseconds: behind its accept, and within TLS. */
const EPOCH = 3
const SECURE_EPOCH = 250

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
 * open before the last one began is settled. By TLS, its time begins with its first request; until then its epochs are
 * longer ones.
 */
export class SettledConnections {
  readonly #changed: () => void
  readonly #plain: Epochs
  readonly #secure: Epochs
  #count = 0

  /** @param epoch,secureEpoch  in milliseconds */
  constructor(changed: () => void, epoch = EPOCH, secureEpoch = SECURE_EPOCH) {
    this.#changed = changed
    this.#plain = new Epochs(epoch, count => this.#settle(count))
    this.#secure = new Epochs(secureEpoch, count => this.#settle(count))
  }

  get count(): number {
    return this.#count
  }

  /** Young connections that have sent no request yet. */
  get silent(): number {
    return this.#plain.silent + this.#secure.silent
  }

  /** Whether connections come and go, as those for one request do, which need not be spread. */
  get arePassing(): boolean {
    return this.#plain.arePassing
  }

  add(connection: Marked): void {
    const isSecure = connection.isInHandshake === true
    const epochs = isSecure ? this.#secure : this.#plain
    connection.mark = epochs.add() * FLAGS + SILENT + (isSecure ? SECURE : 0)
    epochs.fresh.silent++
  }

  requested(connection: Marked): void {
    if (!has(connection, SILENT)) return
    const young = this.#youngOf(connection)
    if (young) young.silent--
    if (young && has(connection, SECURE)) {
      young.open--
      connection.mark = this.#plain.add() * FLAGS
    } else {
      connection.mark -= SILENT
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
    if (!young) return this.#settle(-1)
    young.open--
    young.gone++
    if (has(connection, SILENT)) young.silent--
  }

  #youngOf(connection: Marked): Young | undefined {
    const epochs = has(connection, SECURE) ? this.#secure : this.#plain
    return epochs.youngOf(Math.floor(connection.mark / FLAGS))
  }

  #settle(change: number): void {
    this.#count += change
    this.#changed()
  }
}

function has({ mark }: Marked, flag: number): boolean {
  return mark !== SETTLED && ((mark % FLAGS) & flag) !== 0
}

/** The young connections of this epoch and the one before. */
class Epochs {
  readonly #length: number
  readonly #onSettled: (count: number) => void
  #now = 0
  fresh: Young = { open: 0, silent: 0, gone: 0 }
  #aging: Young = { open: 0, silent: 0, gone: 0 }
  #timer: NodeJS.Timeout | undefined

  /** @param length  of an epoch, in milliseconds */
  constructor(length: number, onSettled: (count: number) => void) {
    this.#length = length
    this.#onSettled = onSettled
  }

  get silent(): number {
    return this.fresh.silent + this.#aging.silent
  }

  get arePassing(): boolean {
    return this.fresh.gone + this.#aging.gone > 0
  }

  /** Takes one more connection in. @returns the epoch */
  add(): number {
    this.fresh.open++
    this.#timer ??= setTimeout(() => this.#turn(), this.#length).unref()
    return this.#now
  }

  /** @returns undefined if the connections of that epoch are settled */
  youngOf(epoch: number): Young | undefined {
    if (epoch === this.#now) return this.fresh
    return epoch === this.#now - 1 && epoch >= 0 ? this.#aging : undefined
  }

  #turn(): void {
    const settled = this.#aging.open
    this.#now++
    this.#aging = this.fresh
    this.fresh = { open: 0, silent: 0, gone: 0 }
    this.#timer = this.#aging.open > 0 ? setTimeout(() => this.#turn(), this.#length).unref() : undefined
    if (settled > 0) this.#onSettled(settled)
  }
}

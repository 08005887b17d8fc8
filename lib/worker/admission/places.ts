import { now } from '../../sys/clock.js'
import { descriptorLimit, nextDescriptor } from '../../sys/descriptors.js'

/** How often a full worker looks at the accept queue, in milliseconds: at first, and while it finds nothing. */
const FIRST_LOOK = 2
const LONGEST_LOOK = 20

/**
 * Descriptors that are left to the application, for its files and its own connections: a share of the limit, with these
 * bounds, and never more than half of what a worker has free when it begins.
 */
const RESERVED_SHARE = 1 / 10
const LEAST_RESERVED = 10
const MOST_RESERVED = 100
/** A worker without a connection takes one with so many. */
const BARE_RESERVE = 2
/** So many free ones are the end of a shortage. */
const AMPLE = 8

/** How often a shortage is told at most, in milliseconds. */
const TELL_PAUSE = 60_000

export interface PlacesHost {
  readonly workerConnections: number
  /** The descriptors of the listeners that are not given up. */
  readonly fds: readonly number[]
  readonly connections: number
  hasPending(): boolean
  /** Closes the connection that has been idle for longest. */
  closeIdlest(): void
  regulate(): void
  /** Called when descriptors run short, but not each time. */
  onShortage(limit: number): void
}

/**
 * The places for connections in a worker: `workerConnections`, or fewer if descriptors run short. Accepting stops
 * before they have run out: at EMFILE libuv accepts what waits and closes it, though other workers could serve it.
 *
 * When all places are taken, a connection that does nothing gives way to one that still waits in the accept queue at
 * the second look, since no other worker wanted it.
 */
export class Places {
  readonly #host: PlacesHost
  readonly #free: number
  #isShort = false
  /** They were short not long ago, so each connection may be the last that there is a descriptor for. */
  #isTight = false
  /** The highest descriptor of a connection since the last `check`. The limit was asked for it. */
  #highest = -1
  #toldAt = Number.NEGATIVE_INFINITY
  #look: NodeJS.Timeout | undefined
  #pause = FIRST_LOOK
  /** Whether a connection waited at the last look. */
  #waited = false

  constructor(host: PlacesHost) {
    this.#host = host
    this.#free = Math.max(0, descriptorLimit() - this.#next(1))
  }

  /** Whether there is a place for another connection. */
  get areLeft(): boolean {
    return !this.#isShort && this.#host.connections < this.#host.workerConnections
  }

  /** All places are taken: looks at the accept queue soon, and calls `regulate` then. */
  makeRoom(): void {
    this.#look ??= setTimeout(() => this.#lookAtQueue(), this.#pause).unref()
  }

  /** A connection was accepted as this descriptor: the lowest that was free. */
  taken(fd: number): void {
    if (fd <= this.#highest && !this.#isTight) return
    this.#highest = fd
    const mark = this.#mark()
    if (fd >= mark - 1 || (this.#isTight && this.#next(1) >= mark)) this.#runShort()
  }

  /**
   * Checks whether descriptors have run short since the last connection, and whether a gate that stayed shut for lack
   * of them can open now. To be called from time to time.
   */
  check(): void {
    this.#highest = -1
    if (this.#isShort) return
    if (this.#isTight) this.#isTight = this.#next(AMPLE) >= this.#mark()
    if (!this.#hasDescriptors()) this.#runShort()
    this.#host.regulate()
  }

  #runShort(): void {
    this.#isShort = true
    this.#isTight = true
    if (now() - this.#toldAt < TELL_PAUSE) return
    this.#toldAt = now()
    this.#host.onShortage(descriptorLimit())
  }

  #lookAtQueue(): void {
    this.#look = undefined
    if (this.#isShort) this.#isShort = !this.#hasDescriptors()
    if (this.areLeft) {
      this.#pause = FIRST_LOOK
      this.#waited = false
    } else {
      const waits = this.#host.hasPending()
      if (waits && this.#waited) this.#host.closeIdlest()
      this.#waited = waits
      this.#pause = waits ? FIRST_LOOK : Math.min(this.#pause * 2, LONGEST_LOOK)
    }
    this.#host.regulate()
  }

  /** A connection needs one descriptor, and a gate that opens one for each listener. */
  #hasDescriptors(): boolean {
    const { fds, connections } = this.#host
    if (fds.length === 0) return true
    const next = this.#next(fds.length + 1)
    return next < this.#mark() || (connections === 0 && next < descriptorLimit() - BARE_RESERVE)
  }

  /** Returns the number of the `count`th descriptor from now. */
  #next(count: number): number {
    const [fd = -1] = this.#host.fds
    return nextDescriptor(fd, count)
  }

  /** The number from which on a descriptor is not for a connection. */
  #mark(): number {
    const limit = descriptorLimit()
    const wanted = Math.min(MOST_RESERVED, Math.max(LEAST_RESERVED, Math.floor(limit * RESERVED_SHARE)))
    return limit - Math.min(wanted, Math.floor(this.#free / 2))
  }
}

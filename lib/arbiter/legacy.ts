import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Counters } from '../../config/hooks.js'
import { JsonLines } from '../sys/json-lines.js'
import { connectedPair } from '../sys/socket-calls.js'

/** How often an arbiter tells its successor what it has counted, in milliseconds. */
const PAUSE = 1000
/** How long a successor waits for the first word, in milliseconds. */
const PATIENCE = 1000

/** What the predecessor holds of it. */
export interface Bequest {
  /** The descriptor that the successor inherits. */
  readonly fd: number
  /** Closes that descriptor here. */
  readonly release: () => void
  /** Tells the successor once more, if it has greeted. */
  readonly tell: () => void
  /** The successor shows its figures from now on. */
  readonly isGreeted: boolean
}

/**
 * The predecessor's side. The successor greets when it is about to show its figures, and is told what has been counted
 * from then on until the predecessor's end, so that no counter falls. Meanwhile the predecessor shows none.
 * @param onGreeted  called before the successor is told anything
 */
export function bequeath(counters: () => Counters, onGreeted: () => void): Bequest {
  const [own, fd] = connectedPair()
  const socket = new Socket({ fd: own }).unref()
  let timer: NodeJS.Timeout | undefined
  const tell = (): void => void (timer && socket.write(`${JSON.stringify(counters())}\n`))
  socket.once('data', () => {
    timer = setInterval(tell, PAUSE).unref()
    onGreeted()
    tell()
  })
  socket.on('error', () => {}) // it closes
  socket.on('close', () => clearInterval(timer))
  return {
    fd,
    release: () => closeSync(fd),
    tell,
    get isGreeted() {
      return timer !== undefined
    },
  }
}

/** The successor's side: what the arbiters before this one have counted. */
export class Legacy {
  /** As it was told last. */
  counters: Counters | undefined
  readonly #socket: Socket | undefined

  /** @param fd  that a predecessor has handed over; undefined if there is none */
  constructor(fd: number | undefined) {
    this.#socket = fd === undefined ? undefined : new Socket({ fd }).unref()
    if (!this.#socket) return
    new JsonLines(this.#socket, counters => {
      this.counters = counters as Counters // both ends run the same code, or nearly
    })
  }

  /** Greets the predecessor. Resolves when it has told what it has counted, or does not answer. */
  async take(): Promise<void> {
    const socket = this.#socket
    if (!socket || this.counters) return
    socket.write('\n')
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, PATIENCE)
      const done = (): void => {
        clearTimeout(timer)
        resolve()
      }
      socket.once('data', () => setImmediate(done)).once('close', done)
    })
  }
}

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../gateway/fuzz/random.js'
import { type Parsed, parseResponse } from '../../gateway/fuzz/response-parser.js'
import type { Target } from '../../helpers/server-process.js'
import type { Demand, FailureKind } from '../connection.js'
import { type Ask, askFor } from './asks.js'

/** How long an answer may take on a busy machine, in milliseconds. */
const LIMIT = 20_000
/** The longest pause of a client between two requests, in milliseconds. */
const REST = 300

/** A request of a good client that was not answered as it must be. */
export class GoodFailed extends Error {
  readonly kind: FailureKind
  readonly demand: Demand
  readonly reused: boolean

  constructor(kind: FailureKind, demand: Demand, reused: boolean) {
    super(kind)
    this.kind = kind
    this.demand = demand
    this.reused = reused
  }
}

export interface GoodClient {
  readonly target: Target
  readonly random: Random
  /** Of this client alone. */
  readonly name: string
  /** Is called for each request that was answered, byte for byte, with how long it took in milliseconds. */
  answered(took: number): void
}

/**
 * Keeps a connection for some requests, one by one or pipelined, whole or in pieces. Where the server ends it with an
 * answer, what stood behind is sent again on a new one (RFC 9112, section 9.3.2).
 * @throws {GoodFailed}
 */
export async function behaveWell({ target, random, name, answered }: GoodClient): Promise<void> {
  let connection = new GoodConnection(target)
  try {
    for (let turn = random.whole(1, 8); turn > 0; turn--) {
      const closes = turn === 1 && random.chance(0.5)
      const count = random.chance(0.2) ? random.whole(2, 6) : 1
      let asks = Array.from({ length: count }, (_, i) =>
        askFor(random, `${name}-${turn}-${i}`, closes && i === count - 1),
      )
      while (asks.length > 0) {
        if (connection.hasHadLast) connection = new GoodConnection(target)
        asks = await connection.exchange(asks, random.chance(0.2) ? random.whole(2, 6) : 1, answered)
      }
      if (turn > 1) await pause(random.whole(0, REST))
    }
  } finally {
    connection.close()
  }
}

class GoodConnection {
  readonly #socket: Socket
  #bytes = Buffer.alloc(0)
  #failed: FailureKind | undefined
  #hasEnded = false
  #answers = 0
  #hasHadLast = false

  constructor(target: Target) {
    this.#socket = connect('socketPath' in target ? { path: target.socketPath } : target)
    this.#socket.setNoDelay(true)
    this.#socket.on('data', part => {
      this.#bytes = Buffer.concat([this.#bytes, part])
    })
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#failed = `client: ${error.code ?? error.message}`
    })
    this.#socket.on('end', () => {
      this.#hasEnded = true
    })
    this.#socket.on('close', () => this.#socket.emit('data', Buffer.alloc(0)))
  }

  /** An answer said that it was the last. */
  get hasHadLast(): boolean {
    return this.#hasHadLast
  }

  /** The server has ended it, or it is broken. */
  get #isOver(): boolean {
    return this.#hasEnded || this.#socket.destroyed
  }

  /**
   * Sends requests in one go, cut into pieces, and takes their answers in turn.
   * @returns what was not answered, since the server has ended the connection with an answer
   */
  async exchange(asks: readonly Ask[], pieces: number, answered: (took: number) => void): Promise<Ask[]> {
    const begin = performance.now()
    const sent = this.#write(Buffer.concat(asks.map(({ bytes }) => bytes)), pieces)
    for (const [i, ask] of asks.entries()) {
      const closes = await this.#take(ask)
      if (this.#bytes.length > 0 && (closes || i === asks.length - 1)) throw this.#failure('wrong: more came', ask)
      answered(performance.now() - begin)
      if (!closes) continue
      this.#hasHadLast = true
      await this.#ended(ask)
      return asks.slice(i + 1)
    }
    await sent
    return []
  }

  close(): void {
    this.#socket.destroy()
  }

  async #write(bytes: Buffer, pieces: number): Promise<void> {
    const size = Math.ceil(bytes.length / pieces)
    for (let at = 0; at < bytes.length && !this.#socket.destroyed; at += size) {
      this.#socket.write(bytes.subarray(at, at + size))
      if (pieces > 1) await pause(20)
    }
  }

  /** Waits for the server's end of a connection. */
  async #ended(ask: Ask): Promise<void> {
    if (this.#isOver) return
    await once(this.#socket, 'end', { signal: AbortSignal.timeout(LIMIT) }).catch(() => {
      throw this.#failure(this.#failed ?? 'timeout', ask)
    })
  }

  /** @returns whether the answer is the last of the connection */
  async #take(ask: Ask): Promise<boolean> {
    const limit = AbortSignal.timeout(LIMIT)
    for (;;) {
      const found = this.#parse(ask)
      if (found?.complete) {
        this.#bytes = Buffer.from(found.rest)
        this.#check(ask, found)
        this.#answers++
        return found.close
      }
      if (this.#isOver) throw this.#failure(this.#failed ?? 'closed', ask)
      await once(this.#socket, 'data', { signal: limit }).catch(() => {
        throw this.#failure(this.#failed ?? 'timeout', ask)
      })
    }
  }

  #parse(ask: Ask): Parsed | undefined {
    try {
      return parseResponse(this.#bytes, ask.method, false)
    } catch (error) {
      throw this.#failure(`wrong: ${error instanceof Error ? error.message : error}`, ask)
    }
  }

  #check(ask: Ask, { head, body, close }: Parsed): void {
    const status = Number(head.slice('HTTP/1.1 '.length).slice(0, 3))
    if (status !== 200) throw this.#failure(`status ${status}`, ask)
    const wanted = ask.method === 'HEAD' ? Buffer.alloc(0) : ask.wanted
    if (!body.equals(wanted)) throw this.#failure('wrong: other bytes', ask)
    if (ask.isLast && !close) throw this.#failure('wrong: the connection stays', ask)
  }

  #failure(kind: FailureKind, { demand }: Ask): GoodFailed {
    return new GoodFailed(kind, demand, this.#answers > 0)
  }
}

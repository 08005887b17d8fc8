import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../gateway/fuzz/random.js'
import { parseResponse } from '../../gateway/fuzz/response-parser.js'
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
 * Keeps a connection for some requests, one by one or pipelined, whole or in pieces.
 * @throws {GoodFailed}
 */
export async function behaveWell({ target, random, name, answered }: GoodClient): Promise<void> {
  const connection = new GoodConnection(target)
  try {
    for (let turn = random.whole(1, 8); turn > 0; turn--) {
      const isLast = turn === 1 && random.chance(0.5)
      const count = random.chance(0.2) ? random.whole(2, 6) : 1
      const asks = Array.from({ length: count }, (_, i) =>
        askFor(random, `${name}-${turn}-${i}`, isLast && i === count - 1),
      )
      await connection.exchange(asks, random.chance(0.2) ? random.whole(2, 6) : 1, answered)
      const last = asks.at(-1)
      if (isLast && last) await connection.ended(last)
      else if (turn > 1) await pause(random.whole(0, REST))
    }
  } finally {
    connection.close()
  }
}

class GoodConnection {
  readonly #socket: Socket
  #bytes = Buffer.alloc(0)
  #failed: FailureKind | undefined
  #isOver = false
  #answers = 0

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
      this.#isOver = true
    })
    this.#socket.on('close', () => this.#socket.emit('data', Buffer.alloc(0)))
  }

  /** Sends requests in one go, cut into pieces, and takes their answers in turn. */
  async exchange(asks: readonly Ask[], pieces: number, answered: (took: number) => void): Promise<void> {
    const begin = performance.now()
    const sent = this.#write(Buffer.concat(asks.map(({ bytes }) => bytes)), pieces)
    for (const ask of asks) {
      await this.#take(ask)
      answered(performance.now() - begin)
    }
    await sent
    if (this.#bytes.length > 0 && asks[0]) throw new GoodFailed('wrong: more than the answers', asks[0].demand, true)
  }

  /** Waits for the server's end of a connection whose last request asked for it. */
  async ended({ demand }: Ask): Promise<void> {
    if (this.#isOver || this.#socket.destroyed) return
    await once(this.#socket, 'end', { signal: AbortSignal.timeout(LIMIT) }).catch(() => {
      throw new GoodFailed(this.#failed ?? 'timeout', demand, true)
    })
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

  async #take({ method, wanted, demand }: Ask): Promise<void> {
    const fail = (kind: FailureKind): GoodFailed => new GoodFailed(kind, demand, this.#answers > 0)
    const limit = AbortSignal.timeout(LIMIT)
    for (;;) {
      const found = this.#parse(method, fail)
      if (found?.complete) {
        this.#bytes = Buffer.from(found.rest)
        this.#answers++
        const status = found.head.slice(9, 12)
        if (status !== '200') throw fail(`status ${Number(status)}`)
        if (!found.body.equals(method === 'HEAD' ? Buffer.alloc(0) : wanted)) throw fail('wrong: other bytes')
        return
      }
      if (this.#failed) throw fail(this.#failed)
      if (this.#isOver || this.#socket.destroyed) throw fail('closed')
      await once(this.#socket, 'data', { signal: limit }).catch(() => {
        throw fail(this.#failed ?? 'timeout')
      })
    }
  }

  #parse(method: string, fail: (kind: FailureKind) => GoodFailed): ReturnType<typeof parseResponse> {
    try {
      return parseResponse(this.#bytes, method, false)
    } catch (error) {
      throw fail(`wrong: ${error instanceof Error ? error.message : error}`)
    }
  }
}

import { Random } from '../../gateway/fuzz/random.js'
import type { Target } from '../../helpers/server-process.js'
import type { Failure } from '../steady-load.js'
import { BAD_KINDS } from './bad.js'
import { BadConnection } from './bad-connection.js'
import { behaveWell, GoodFailed } from './good.js'

/** Clients in a second, of which a good one has about six requests. */
const GOOD_RATE = 15
const BAD_RATE = 20
/** Between two looks at what is due, in milliseconds. */
const TICK = 20

/** Good and bad clients, which come at a steady rate, whatever becomes of those before. */
export class Crowd {
  readonly failures: Failure[] = []
  requests = 0
  badClients = 0
  /** Of an answered request, in milliseconds. */
  slowest = 0
  /** How often bad clients had come to which end. */
  readonly ends = new Map<string, number>()
  /** Ends that a kind of client may not come to. */
  readonly surprises: string[] = []
  readonly #target: Target
  readonly #begin = performance.now()
  readonly #timer: NodeJS.Timeout
  readonly #running = new Set<Promise<void>>()
  #broken: unknown
  #goodClients = 0

  constructor(target: Target) {
    this.#target = target
    this.#timer = setInterval(() => this.#sendDue(), TICK)
  }

  /** No client comes any more; resolves when all are gone. @throws what broke a client: a fault of this code */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#running)
    if (this.#broken) throw this.#broken
  }

  #sendDue(): void {
    const seconds = (performance.now() - this.#begin) / 1000
    while (this.#goodClients < seconds * GOOD_RATE) {
      this.#start(this.#good(this.#goodClients++))
    }
    while (this.badClients < seconds * BAD_RATE) this.#start(this.#bad(this.badClients++))
  }

  #start(client: Promise<void>): void {
    const running = client
      .catch((error: unknown) => {
        this.#broken ??= error
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #good(number: number): Promise<void> {
    const openedAt = performance.now()
    try {
      await behaveWell({
        target: this.#target,
        random: new Random(number),
        name: String(number),
        answered: took => {
          this.requests++
          this.slowest = Math.max(this.slowest, took)
        },
      })
    } catch (error) {
      if (!(error instanceof GoodFailed)) throw error
      const failedAt = performance.now()
      const { kind, demand, reused } = error
      this.requests++
      this.failures.push({ kind, at: failedAt - this.#begin, demand, reused, port: 0, openedAt, failedAt })
    }
  }

  async #bad(number: number): Promise<void> {
    const random = new Random(number)
    const kind = BAD_KINDS[number % BAD_KINDS.length] ?? BAD_KINDS[0]
    const connection = new BadConnection(this.#target)
    await kind.act(connection, random)
    const { name, wanted, wants = 0 } = kind
    const status = await connection.end()
    const end = connection.received < wants ? 'cut' : status
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1)
    if (!wanted.test(end)) this.surprises.push(`${name}: ${end}`)
  }
}

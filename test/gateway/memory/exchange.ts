import type { Exchange } from '../../../lib/http/exchange.js'
import type { RequestHead } from '../../../lib/http/head.js'
import { now } from '../../../lib/sys/clock.js'
import { MemoryAnswer } from './answer.js'
import { MemoryBody } from './body.js'
import type { MemoryConnection } from './connection.js'

/** A request of a connection in memory, and its turn. */
export class MemoryExchange implements Exchange {
  previous: MemoryExchange | undefined = undefined
  next: MemoryExchange | undefined = undefined
  environ: Exchange['environ'] = undefined
  isExpired = false
  refusal: Exchange['refusal'] = undefined
  abort: Exchange['abort'] = undefined
  release: Exchange['release'] = undefined
  readonly awaitsClient = false
  readonly startedAt = now()
  readonly head: RequestHead
  peer: Exchange['peer']
  readonly connection: MemoryConnection
  readonly answer: MemoryAnswer
  readonly body: MemoryBody
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean
  #run: ((exchange: Exchange) => void) | undefined

  constructor(head: RequestHead, connection: MemoryConnection, bodyLimit: number) {
    this.head = head
    this.connection = connection
    this.peer = connection.peer
    this.expectsContinue = head.httpVersion === '1.1' && head.field('expect') !== undefined
    this.answer = new MemoryAnswer(this)
    this.body = new MemoryBody(this, bodyLimit)
  }

  inTurn(run: (exchange: Exchange) => void): void {
    if (this.connection.isFirst(this)) run(this)
    else this.#run = run
  }

  /** All earlier requests of the connection are answered. */
  takeTurn(): void {
    const run = this.#run
    if (run) process.nextTick(run, this)
  }
}

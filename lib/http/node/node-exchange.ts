import type { ServerResponse } from 'node:http'
import { now } from '../../sys/clock.js'
import type { BodySource, Exchange, Peer } from '../exchange.js'
import type { Refusal } from '../refusal.js'
import type { ClientSocket } from './client-socket.js'
import { NodeAnswer } from './node-answer.js'
import { NodeBody } from './node-body.js'
import type { NodeObjects } from './types.js'
import { awaited } from './waits.js'

/** An exchange on a request and a response of `node:http`. It is its own answer: one object less for each request. */
export class NodeExchange extends NodeAnswer implements Exchange, NodeObjects {
  previous: Exchange | undefined = undefined
  next: Exchange | undefined = undefined
  readonly socket: ClientSocket
  peer: Peer
  readonly startedAt = now()
  readonly expects: NodeObjects['expects']
  environ: Exchange['environ'] = undefined
  isExpired = false
  refusal: Refusal | undefined = undefined
  abort: Exchange['abort'] = undefined
  release: Exchange['release'] = undefined
  #source: NodeBody | undefined = undefined
  #received: BodySource | undefined = undefined

  constructor(socket: ClientSocket, res: ServerResponse, expects: NodeObjects['expects']) {
    super(res)
    this.peer = socket.peer
    this.socket = socket
    this.expects = expects
  }

  /** Made when it is asked for: few requests have one. */
  get source(): NodeBody {
    this.#source ??= new NodeBody(this, this.socket.owner.bodyLimit)
    return this.#source
  }

  get body(): BodySource {
    return this.#received ?? this.source
  }

  set body(received: BodySource) {
    this.#received = received
  }

  get awaitsClient(): boolean {
    const wait = awaited(this.socket)
    return wait === 'body' || wait === 'reader'
  }

  /** There is room for it, and nothing that it should wait for first. */
  get wantsBody(): boolean {
    const { req, res } = this
    if (this.expects === 'continue' && !res._sent100 && !res.headersSent) return false
    return !req.complete && req.readableLength === 0
  }

  get answer(): this {
    return this
  }

  get node(): NodeObjects {
    return this
  }

  inTurn(run: (exchange: Exchange) => void): void {
    // node:http gives a response its connection when those before it are over.
    if (this.res.socket !== null) this.#runUnlessLast(run)
    else this.res.once('socket', () => process.nextTick(() => this.#runUnlessLast(run)))
  }

  /** Nothing is served behind the last response of a connection, nor what was refused while it waited. */
  #runUnlessLast(run: (exchange: Exchange) => void): void {
    if (!this.socket.writableEnded && !this.ended) run(this)
  }
}

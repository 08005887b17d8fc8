import type { IncomingMessage, ServerResponse } from 'node:http'
import { now } from '../../sys/clock.js'
import type { Exchange, Peer } from '../exchange.js'
import { RequestHead } from '../head.js'
import type { Refusal } from '../refusal.js'
import type { ClientSocket } from './client-socket.js'
import { NodeAnswer } from './node-answer.js'
import { NodeBody } from './node-body.js'
import type { Expectation, NodeObjects } from './types.js'

/** An exchange on a request and a response of `node:http`. What few requests need is made when it is asked for. */
export class NodeExchange implements Exchange, NodeObjects {
  previous: Exchange | undefined = undefined
  next: Exchange | undefined = undefined
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly #socket: ClientSocket
  readonly head: RequestHead
  readonly answer: NodeAnswer
  readonly startedAt = now()
  readonly expectsContinue: boolean
  readonly expectsOther: boolean
  environ: Exchange['environ'] = undefined
  isExpired = false
  refusal: Refusal | undefined = undefined
  abort: Exchange['abort'] = undefined
  #body: NodeBody | undefined = undefined

  constructor(socket: ClientSocket, { req, res }: Pick<NodeObjects, 'req' | 'res'>, expectation: Expectation) {
    this.req = req
    this.res = res
    this.#socket = socket
    this.head = headOf(req)
    this.answer = new NodeAnswer(this)
    this.expectsContinue = expectation === 'continue'
    this.expectsOther = expectation === 'other'
  }

  get peer(): Peer {
    return this.#socket.peer
  }

  get body(): NodeBody {
    this.#body ??= new NodeBody(this, this.#socket.bodyLimit)
    return this.#body
  }

  get node(): NodeObjects {
    return this
  }

  inTurn(run: (exchange: Exchange) => void): void {
    // node:http gives a response its connection when those before it are over.
    if (this.res.socket !== null) this.#runUnlessLast(run)
    else this.res.once('socket', () => process.nextTick(() => this.#runUnlessLast(run)))
  }

  /** Nothing is served behind the last response of a connection. */
  #runUnlessLast(run: (exchange: Exchange) => void): void {
    if (!this.#socket.writableEnded) run(this)
  }
}

export function headOf(req: IncomingMessage): RequestHead {
  const { method = '', url = '', httpVersion, rawHeaders } = req
  return new RequestHead({ method, url, httpVersion }, rawHeaders)
}

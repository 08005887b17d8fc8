import { METHODS } from 'node:http'
import type { Peer } from '../../../lib/http/exchange.js'
import { RequestHead } from '../../../lib/http/head.js'
import { refusalOf } from '../../../lib/http/node/closing.js'
import { checkRequest } from '../../../lib/http/node/node-rules.js'
import { checkTrailers, type HttpPolicy, headLimit } from '../../../lib/http/policy.js'
import { type HeadArgs, HTTPParser, type Parser, type ParserError } from '../../helpers/http-parser.js'
import { checkTunnel, type Outcome, type Read } from './outcome.js'

/** Rules of the grammar do not depend on who the client is. */
const NOBODY: Peer = {
  scheme: 'http',
  isUnix: true,
  address: '',
  port: undefined,
  family: 'IPv4',
  serverName: '',
  serverPort: '',
  authority: 'localhost',
}

/** Methods that llhttp knows, by its numbers. */
const methods = new Map(METHODS.map(method => [numberOf(method), method]))

function numberOf(method: string): number {
  let found = -1
  const parser = new HTTPParser()
  parser.initialize(HTTPParser.REQUEST, {}, 0, 0)
  parser[HTTPParser.kOnHeadersComplete] = (...[, , , number]: HeadArgs) => {
    found = number
    return 0
  }
  parser.execute(Buffer.from(`${method} ${method === 'CONNECT' ? 'a:1' : '/'} HTTP/1.1\r\n\r\n`))
  return found
}

/** Data behind a request that closes its connection. */
const BEHIND_LAST = 'HPE_CLOSED_CONNECTION'

/** Reads the bytes of one connection as the engine on node:http does: by llhttp, then by the policy. */
export class LlhttpStream implements Outcome {
  readonly requests: Read[] = []
  refusal: Outcome['refusal']
  closed = false
  readonly policy: HttpPolicy
  #fields: string[] = []
  #url = ''
  #current: Read | undefined
  /** Trailers are checked where there may be some: node:http sees them as a second set of fields. */
  #isChunked = false
  #keepAlive = true

  constructor(policy: HttpPolicy) {
    this.policy = policy
  }

  read(bytes: Buffer): this {
    const parser = this.#parser()
    let rest = bytes
    while (rest.length > 0 && !this.refusal && !this.closed) {
      const taken = parser.execute(rest)
      // It stops behind an offer to upgrade, and the engine has it read on; a fault looks the same there.
      const isStuck = taken === 0
      if (typeof taken === 'number' && !isStuck) rest = rest.subarray(taken)
      else if (this.refusal || this.closed) return this
      else if (typeof taken === 'number') this.refusal = { status: 400, why: 'invalid bytes behind an upgrade' }
      else this.#refuse(taken, rest)
    }
    return this
  }

  #refuse(error: ParserError, packet: Buffer): void {
    if (error.code === BEHIND_LAST) this.closed = true
    else this.refusal = refusalOf(Object.assign(error, { rawPacket: packet }))
  }

  #parser(): Parser {
    const parser = new HTTPParser()
    parser.initialize(HTTPParser.REQUEST, {}, headLimit(this.policy), 0)
    parser[HTTPParser.kOnHeaders] = (fields: string[], url: string) => {
      this.#fields.push(...fields)
      this.#url += url
    }
    parser[HTTPParser.kOnHeadersComplete] = (...args: HeadArgs) => this.#onHead(args)
    parser[HTTPParser.kOnBody] = (body: Buffer) => this.#onBody(body)
    parser[HTTPParser.kOnMessageComplete] = () => this.#onComplete()
    return parser
  }

  #onHead([major, minor, fields = this.#fields, method, url = this.#url, , , , keepAlive]: HeadArgs): number {
    this.#fields = []
    this.#url = ''
    if (this.refusal || this.closed) return 0
    const line = { method: methods.get(method) ?? '', url, httpVersion: `${major}.${minor}` }
    const head = new RequestHead(line, fields)
    // As node:http tells the engine.
    const expects = minor === 1 && head.field('expect') !== undefined ? 'other' : undefined
    const refusal = checkRequest({ head, expects, peer: NOBODY }, this.policy, () => false) ?? checkTunnel(head)
    if (refusal) {
      this.refusal = refusal
      this.#current = undefined
      return 0
    }
    this.#current = { ...line, fields, body: '', complete: false }
    this.#isChunked = head.transferEncoding !== undefined
    this.requests.push(this.#current)
    this.#keepAlive = keepAlive
    return 0
  }

  /** The engine counts what the application reads. */
  #onBody(body: Buffer): void {
    if (!this.#current || this.refusal) return
    this.#current.body += body.toString('latin1')
    const limit = this.policy.limitRequestBody
    if (limit > 0 && this.#current.body.length > limit) this.refusal = { status: 413, why: 'body too large' }
  }

  #onComplete(): void {
    const trailers = this.#fields
    this.#fields = []
    this.#url = ''
    if (!this.#current || this.refusal) return
    const refusal = this.#isChunked ? checkTrailers(trailers, this.policy) : undefined
    if (refusal) this.refusal = refusal
    else {
      this.#current.complete = true
      this.closed = !this.#keepAlive
    }
    this.#current = undefined
  }
}

import type { RawData, WebSocket } from 'ws'
import { toError } from '../../errors.js'
import type { RequestHead } from '../../http/head.js'
import type { ClientSocket } from '../../http/node/client-socket.js'
import { refuseConnection } from '../../http/node/closing.js'
import type { Logger } from '../../logging/log.js'
import { requestFacts } from '../failure.js'
import { checkValue, kindOfName } from '../wire/header-rules.js'
import { closePayload } from './frames.js'
import { headFrom, pairsOf } from './head-fields.js'
import type { Call, Line } from './job.js'
import { PythonError } from './python-error.js'

/** Codes of RFC 6455, section 7.4.1, and of IANA's registry. */
const ABNORMAL = 1006
const FAILED = 1011
const RESTART = 1012

const NOTHING = Buffer.alloc(0)

/** What the call needs of the gateway. */
interface Surroundings {
  readonly log: Logger
  /** How much is taken off Python before the client has taken it. */
  readonly background: { readonly most: number }
  submit(call: Call): void
}

/** A request for a WebSocket. */
interface Asking {
  readonly head: RequestHead
  readonly socket: ClientSocket
  readonly scope: string
}

/**
 * One WebSocket of an ASGI application. It is asked for until the application accepts it, with a handshake, or denies
 * it, with a response of HTTP. It has a channel to itself until it is closed.
 */
export class WebSocketCall implements Call {
  /** What the application has chosen in its handshake. */
  subprotocol = ''
  headers: readonly string[] = []
  readonly #asking: Asking
  readonly #surroundings: Surroundings
  /** Sends the handshake. */
  #accept: (() => void) | undefined
  #ws: WebSocket | undefined
  /** While Python runs it. */
  #line: Line | undefined
  #isOver = false
  #isLeaving = false
  /** Whether the response that denies it has begun. */
  #isDenied = false
  /** The message that is arriving from Python. */
  #pieces: Buffer[] = []
  #isText = false

  constructor(asking: Asking, surroundings: Surroundings) {
    this.#asking = asking
    this.#surroundings = surroundings
    // After the handshake, `ws` says how it was closed.
    asking.socket.once('close', () => this.#ws ?? this.#ended(ABNORMAL, ''))
  }

  get facts(): ReturnType<typeof requestFacts> {
    const { head, socket } = this.#asking
    return requestFacts({ head, peer: socket.peer })
  }

  get isWanted(): boolean {
    return !this.#isOver
  }

  /** The request is a good one. @param accept  sends the handshake */
  ask(accept: () => void): void {
    this.#accept = accept
    this.#surroundings.submit(this)
  }

  start(line: Line): void {
    this.#line = line
    line.run(this, { environ: this.#asking.scope, body: NOTHING, isWebSocket: true })
  }

  /** The handshake has been sent. */
  opened(ws: WebSocket): void {
    this.#ws = ws
    ws.on('message', (data, isBinary) => this.#received(data, isBinary))
    // What is wrong is in the code of the close, which follows.
    ws.on('error', () => {})
    ws.on('close', (code, reason) => this.#ended(code, reason.toString()))
    if (this.#isLeaving) this.leaves()
  }

  /** The process leaves, while others serve: clients connect again. */
  leaves(): void {
    this.#isLeaving = true
    if (!this.#ws) return
    this.#ws.close(RESTART)
    this.#ended(RESTART, '')
  }

  lost(status: 502 | 504): void {
    this.#line = undefined
    this.#fail(status)
  }

  // What Python sends.

  accepted([subprotocol = '', ...fields]: string[]): void {
    this.#attempt(() => {
      const headers = pairsOf(['', ...fields])
      for (const [name, value] of headers) {
        kindOfName(name)
        checkValue(name, value)
      }
      this.subprotocol = subprotocol
      this.headers = headers.map(([name, value]) => `${name}: ${value}`)
      this.#accept?.()
    })
  }

  /** A message, or the head of a response that denies the WebSocket. */
  head(isWhole: boolean, fields: string[], first: Buffer, left: number): void {
    this.#attempt(() => {
      if (!this.#ws) return this.#deny(isWhole, fields, first, left)
      this.#isText = fields[0] === 'text'
      this.data(first, left === 0)
    })
  }

  data(piece: Buffer, isLast: boolean): void {
    this.#attempt(() => {
      if (this.#isDenied) return this.#asking.socket.write(piece) && isLast ? this.end() : undefined
      this.#pieces.push(piece)
      if (isLast) this.#send()
    })
  }

  /** The end of a response that denies the WebSocket. */
  end(): void {
    if (this.#isDenied) this.#asking.socket.destroySoon()
  }

  closed({ code, reason }: { code: number; reason: string }): void {
    this.#attempt(() => {
      if (this.#ws) this.#ws.close(code, reason)
      else refuseConnection(this.#asking.socket, 403)
      this.#isOver = true
    })
  }

  raised(traceback: string): void {
    this.#log(new PythonError(traceback))
    this.#fail(500)
  }

  complained(): void {}
  hints(): void {}

  wants(): void {
    this.#line?.sendBody([])
  }

  file(): void {
    this.#line?.tookFile(false)
  }

  done(): void {
    this.#line = undefined
  }

  /** Python waits when the client has not taken as much as `responseBuffer`. */
  #send(): void {
    const ws = this.#ws
    const { most } = this.#surroundings.background
    const [only = NOTHING] = this.#pieces
    const data = this.#pieces.length === 1 ? only : Buffer.concat(this.#pieces)
    this.#pieces = []
    ws?.send(data, { binary: !this.#isText }, () => {
      if (ws.bufferedAmount <= most) this.#line?.resume()
    })
    if (ws && ws.bufferedAmount > most) this.#line?.pause()
  }

  #deny(isWhole: boolean, fields: string[], first: Buffer, left: number): void {
    const { status, fields: sent, contentLength } = headFrom(fields)
    const length = isWhole && contentLength < 0 ? [['Content-Length', String(first.length + left)]] : []
    const date = sent.some(name => /^date$/i.test(name)) ? [] : [['Date', new Date().toUTCString()]]
    const all = [...pairsOf(['', ...sent]), ...length, ...date, ['Connection', 'close']]
    const lines = all.map(([name, value]) => `${name}: ${value}`)
    this.#isDenied = true
    const { socket } = this.#asking
    socket.write(`HTTP/1.1 ${status.code} ${status.reason}\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1')
    if (first.length > 0) socket.write(first)
    if (isWhole && left === 0) this.end()
  }

  // What the client does.

  /** The client waits while Python is slow. */
  #received(data: RawData, isBinary: boolean): void {
    const line = this.#line
    const ws = this.#ws
    if (!line || !ws || this.#isOver) return
    // Other kinds of data come only if they are asked for.
    if (!Buffer.isBuffer(data) || line.tell(isBinary ? 'B' : 'T', data)) return
    ws.pause()
    void line.drained().then(() => ws.resume())
  }

  #ended(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    const line = this.#line
    if (!line) return
    if (!this.#ws) return line.unwanted(this)
    line.tell('K', closePayload(code, reason))
    // There is no client left to wait for.
    line.resume()
  }

  // Failures.

  #attempt(step: () => void): void {
    if (this.#isOver) return
    try {
      step()
    } catch (error) {
      this.#log(toError(error))
      this.#fail(500)
      this.#line?.unwanted(this)
    }
  }

  #log(err: Error): void {
    const { log } = this.#surroundings
    log.error({ err, ...this.facts }, 'the application failed')
  }

  /** Answers in place of the application, if it has not, or closes. */
  #fail(status: number): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#ws) this.#ws.close(FAILED)
    else if (this.#isDenied) this.#asking.socket.destroy()
    else refuseConnection(this.#asking.socket, status)
  }
}

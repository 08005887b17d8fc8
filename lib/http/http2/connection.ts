import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { ClientHandle } from '../../listeners/server-handle.js'
import { now } from '../../sys/clock.js'
import { hasHungUp } from '../../sys/libc.js'
import type { Linked } from '../../sys/linked-list.js'
import type { SecuredClient } from '../engine.js'
import type { Connection, Peer } from '../exchange.js'
import type { HttpPolicy } from '../policy.js'
import type { Refusal } from '../refusal.js'
import { lingerSilence } from '../waiting.js'
import { Budget } from './budget.js'
import { type SessionWait, unwatched } from './deadlines.js'
import type { Http2Exchange, Session } from './exchange.js'
import { isTooLarge, SESSION_WINDOW, sessionOptions } from './limits.js'
import { type Opening, RequestQueue } from './request-queue.js'

const { NGHTTP2_NO_ERROR, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_FLAG_END_STREAM } = constants

/** The codes of errors by which Node tells that it has ended a session for what its client has sent. */
const FAULTS: ReadonlySet<string | undefined> = new Set(['ERR_HTTP2_ERROR', 'ERR_HTTP2_TOO_MANY_INVALID_FRAMES'])

/** The largest id of a stream: a GOAWAY with it refuses none yet (RFC 9113, section 6.8). */
const ANY_STREAM = 2 ** 31 - 1
/** How long a client may take to answer a PING before it is taken for having read the GOAWAY, in milliseconds. */
const NOTICE = 1000

type OnStream = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  fields: readonly string[],
) => void

function ignore(): void {}

/** How long a client that has asked for too much may take to read the GOAWAY that says so, in milliseconds. */
const FAREWELL = 100

/** What all sessions of an engine have in common. */
export interface Owner {
  readonly policy: HttpPolicy
  opened(connection: Http2Connection, stream: ServerHttp2Stream, opening: Opening): void
  /** The session ends for what its client has done. */
  refused(connection: Http2Connection, refusal: Refusal): void
  gone(connection: Http2Connection): void
}

/**
 * `notice`: the client knows that it is to open no more streams; `last`: none that it opens now is served; `over`: nor
 * is anything else.
 */
type State = 'open' | 'notice' | 'last' | 'over'

/** A session of HTTP/2, which is a connection to the worker. */
export class Http2Connection implements Connection, Session, Linked<Http2Connection> {
  previous: Http2Connection | undefined = undefined
  next: Http2Connection | undefined = undefined
  mark = 0
  outer: Connection | undefined = undefined
  readonly peer: Peer
  readonly watched = unwatched()
  /** Requests under way. */
  readonly streams = new Set<Http2Exchange>()
  readonly queue = new RequestQueue(this)
  /** How many there ever were, refused ones among them. */
  requests = 0
  /** When it was accepted or had its last response, in milliseconds. */
  quietSince = now()
  readonly #owner: Owner
  readonly #session: ServerHttp2Session
  readonly #raw: Socket
  readonly #handle: ClientHandle
  readonly #budget = new Budget()
  #state: State = 'open'
  #timer: NodeJS.Timeout | undefined

  constructor({ socket, raw, handle }: SecuredClient, peer: Peer, owner: Owner) {
    this.peer = peer
    this.#owner = owner
    this.#raw = raw
    this.#handle = handle
    const session = performServerHandshake(socket, sessionOptions(owner.policy))
    this.#session = session
    // A client that sends no more cannot steer what it gets, and none does so: it is gone.
    socket.on('end', () => this.drop())
    session.on('error', (error: Error & { readonly code?: string }) => {
      if (this.#state !== 'over' && FAULTS.has(error.code))
        owner.refused(this, { status: 400, why: `HTTP/2: ${error.message}` })
    })
    session.on('close', () => this.#gone())
    session.on('goaway', () => this.#close())
    const onStream: OnStream = (stream, headers, flags, fields) => {
      // Each error of a stream closes it, which is what counts.
      stream.on('error', ignore)
      this.requests++
      const endsHere = (flags & NGHTTP2_FLAG_END_STREAM) !== 0
      this.queue.add(stream, { headers, fields, endsHere })
    }
    session.on('stream', onStream)
    session.on('ping', () => {
      if (!this.#budget.paysForPing(handle.bytesWritten ?? 0)) this.charge('PING')
    })
    session.on('remoteSettings', () => this.charge('SETTINGS'))
    session.setLocalWindowSize(SESSION_WINDOW)
  }

  get bodyLimit(): number {
    return this.#owner.policy.limitRequestBody
  }

  get isGone(): boolean {
    return this.#session.destroyed
  }

  get hasHungUp(): boolean {
    return hasHungUp(this.#handle.fd)
  }

  get isKept(): boolean {
    return this.#state === 'open' && !this.isGone
  }

  get isServed(): boolean {
    return this.requests > 0
  }

  /** It waits for a request, and may be told to go. */
  get isIdle(): boolean {
    return this.isKept && this.streams.size === 0
  }

  get awaited(): SessionWait | undefined {
    if (!this.isIdle) return undefined
    return this.isServed ? 'request' : 'head'
  }

  /**
   * Whether a request is looked at. One that came together with its reset is not; nor is one with too large a head, by
   * a client that does not say that it has the SETTINGS: nghttp2 knows no limit for it yet.
   */
  #admits(stream: ServerHttp2Stream, { fields }: Opening): boolean {
    if (this.isGone || this.#state === 'over') return false
    const isReset = stream.closed || stream.destroyed
    const isLarge = !isReset && this.#session.pendingSettingsAck && isTooLarge(fields)
    if (!isReset && !isLarge) return true
    if (isLarge) stream.close(NGHTTP2_ENHANCE_YOUR_CALM)
    this.charge(isLarge ? 'a head that is too large' : 'RST_STREAM')
    return false
  }

  /** The client has asked for something beside answers. @param what  for the log */
  charge(what: string): void {
    if (this.isGone || this.#state === 'over' || this.#budget.spend()) return
    this.#state = 'over'
    this.#owner.refused(this, { status: 429, why: `HTTP/2: too much beside answers, at last ${what}` })
    this.#session.goaway(NGHTTP2_ENHANCE_YOUR_CALM)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#expel(), FAREWELL).unref()
  }

  /** A request is at its turn. */
  begin(stream: ServerHttp2Stream, opening: Opening): void {
    if (this.#admits(stream, opening)) this.#owner.opened(this, stream, opening)
  }

  began(exchange: Http2Exchange): void {
    this.streams.add(exchange)
  }

  /** @returns whether it was under way */
  ended(exchange: Http2Exchange): boolean {
    if (!this.streams.delete(exchange)) return false
    this.quietSince = now()
    if (!exchange.finished && !exchange.isCut) this.charge('RST_STREAM')
    else if (!exchange.isCut && !exchange.refusal) this.#budget.earn()
    if (this.streams.size > 0) return true
    if (this.#state === 'last') this.#linger()
    else if (this.#state === 'notice') this.#close()
    return true
  }

  /**
   * Has the client go, without the loss of a request (RFC 9113, section 6.8): it is told to open no more streams. When
   * it has answered a PING, those that it had opened by then are here, and the session ends with them. If none is under
   * way it ends at once, since nghttp2 reads no more of it then: the client knows which ones it has to send again.
   */
  leave(): void {
    if (!this.isKept) return
    if (this.streams.size === 0) return this.#close()
    this.#state = 'notice'
    this.#session.goaway(NGHTTP2_NO_ERROR, ANY_STREAM)
    this.#session.ping(() => this.#close())
    this.#timer = setTimeout(() => this.#close(), NOTICE).unref()
  }

  /** Ends it at once, and all that is under way. */
  drop(): void {
    this.#state = 'last'
    this.#session.destroy()
    this.#linger()
  }

  /** Ends it, and its socket: the client is gone. */
  lose(): void {
    this.drop()
    this.#raw.destroy()
  }

  /** The same, as the client is told, if it has asked for too much. */
  #expel(): void {
    this.#session.destroy(new Error('too much was asked for'), NGHTTP2_ENHANCE_YOUR_CALM)
    this.#raw.destroy()
  }

  /** Ends it at once, unless a request arrives in this turn of the event loop. */
  dropUnlessHeard(): void {
    const { requests } = this
    setImmediate(() => {
      if (this.isIdle && this.requests === requests) this.drop()
    })
  }

  #close(): void {
    if (this.#state === 'last' || this.#state === 'over') return
    this.#state = 'last'
    clearTimeout(this.#timer)
    this.#session.close()
    if (this.streams.size === 0) this.#linger()
  }

  /** Node waits for the client to take what was sent and to close its end, for as long as that takes. */
  #linger(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#raw.destroy(), lingerSilence(this.#owner.policy)).unref()
  }

  #gone(): void {
    clearTimeout(this.#timer)
    this.#owner.gone(this)
  }
}

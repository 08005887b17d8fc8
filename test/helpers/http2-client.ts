import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import type { Reply } from './http.js'
import type { Server } from './server-process.js'

export interface Http2Ask {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
}

/** One client of HTTP/2, with one session at a time: a new one when the server has asked it to leave the last. */
export class Http2Client {
  readonly #origin: string
  #session: ClientHttp2Session | undefined
  /** Sessions that it has had. */
  sessions = 0

  constructor(t: Test, server: Server) {
    const { target } = server
    this.#origin = `https://127.0.0.1:${'port' in target ? target.port : 0}`
    atEnd(t, () => this.#session?.destroy())
  }

  /** The present session. */
  get session(): ClientHttp2Session {
    const { closed = true, destroyed = true } = this.#session ?? {}
    if (this.#session && !closed && !destroyed) return this.#session
    this.sessions++
    const session = connect(this.#origin, { rejectUnauthorized: false })
    session.on('error', () => {})
    this.#session = session
    return session
  }

  /** Opens a stream, and sends its head. */
  open(path: string, { method = 'GET', headers = {} }: Http2Ask = {}, endStream = true): ClientHttp2Stream {
    return this.session.request({ ':method': method, ':path': path, ...headers }, { endStream })
  }

  /**
   * Rejects if no complete response comes. What was refused, so that it has not run, is sent again, as browsers do (RFC
   * 9113, section 8.7): Node refuses by itself what it has not sent when it is asked to leave.
   */
  async get(path = '/', ask: Http2Ask = {}): Promise<Reply> {
    for (;;) {
      const { sessions } = this
      const stream = this.open(path, ask, ask.body === undefined)
      const reused = sessions === this.sessions
      if (ask.body !== undefined) stream.end(ask.body)
      try {
        return { ...(await replyOn(stream)), reused }
      } catch (error) {
        if (stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM) throw error
      }
    }
  }
}

/** The response of a stream that is open. Rejects if it is not complete. */
export function replyOn(stream: ClientHttp2Stream): Promise<Omit<Reply, 'reused'>> {
  return new Promise((resolve, reject) => {
    let headers: Reply['headers'] = {}
    let status = 0
    let body = ''
    stream.setEncoding('utf8')
    stream.on('response', ({ ':status': code = 0, ...fields }) => {
      status = code
      headers = fields
    })
    stream.on('data', (part: string) => {
      body += part
    })
    stream.on('error', reject)
    stream.on('close', () => {
      if (stream.rstCode !== 0 || status === 0) reject(new Error(`closed with code ${stream.rstCode}`))
      else resolve({ status, headers, body, pid: Number(body) })
    })
  })
}

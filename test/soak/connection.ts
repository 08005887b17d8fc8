import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Target } from '../helpers/server-process.js'

/** Why a request failed: what the client saw. */
export type FailureKind =
  | 'refused'
  | 'reset'
  | 'closed'
  | 'timeout'
  | 'malformed'
  | `status ${number}`
  | `wrong: ${string}`
  | `client: ${string}`

/** A request without its answer; `kind` says what came instead. */
export class RequestFailed extends Error {
  readonly kind: FailureKind

  constructor(kind: FailureKind) {
    super(kind)
    this.kind = kind
  }
}

/** How long an answer may take, in milliseconds. */
const LIMIT = 10_000

const KINDS: Readonly<Record<string, FailureKind>> = { ECONNREFUSED: 'refused', ECONNRESET: 'reset', EPIPE: 'reset' }

/** A request, and how its client behaves. */
export interface Demand {
  readonly path: string
  /** Sent by POST. */
  readonly body?: string
  /** Sends its request in pieces, or reads its answer late. */
  readonly slow?: 'sender' | 'reader'
}

/** Into how many pieces a slow sender cuts its request, and the pause after each, in milliseconds. */
const PIECES = 4
const PIECE_PAUSE = 60
/** How long a slow reader does not read, in milliseconds. */
const READ_PAUSE = 300

interface Waiting {
  resolve(): void
  reject(error: RequestFailed): void
}

/**
 * One client's connection, by hand: it shows exactly when it was closed, and by which side; an HTTP library would
 * quietly try again. Responses must have a Content-Length.
 */
export class Connection {
  /** The client's port, by which the server's end can be found. */
  port = 0
  /** The worker that has answered last. */
  worker: number | undefined
  /** When it was opened, and when its last response was complete, by `performance.now()`. */
  readonly openedAt = performance.now()
  idleSince = this.openedAt
  /** For how long it may be idle, as the server announced, in milliseconds; 0 if it is not to be used again. */
  announced = 0
  requests = 0
  readonly #socket: Socket
  #waiting: Waiting | undefined
  #text = ''

  constructor(target: Target) {
    this.#socket = connect('socketPath' in target ? { path: target.socketPath } : target)
    this.#socket.setEncoding('latin1').setNoDelay(true)
    this.#socket.on('connect', () => {
      this.port = this.#socket.localPort ?? 0
    })
    this.#socket.on('data', (text: string) => this.#read(text))
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message
      this.#fail(KINDS[code] ?? `client: ${code}`)
    })
    this.#socket.on('end', () => this.#fail('closed'))
    this.#socket.on('close', () => this.#fail('closed'))
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.readyState !== 'writeOnly'
  }

  /** One request at a time. Rejects with RequestFailed. */
  async send(demand: Demand, connection: 'keep-alive' | 'close'): Promise<void> {
    const timer = setTimeout(() => this.#fail('timeout'), LIMIT)
    try {
      const answered = new Promise<void>((resolve, reject) => {
        this.#waiting = { resolve, reject }
      })
      this.requests++
      await Promise.all([answered, this.#write(demand, connection)])
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  async #write({ path, body, slow }: Demand, connection: string): Promise<void> {
    const line = `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`
    const length = body === undefined ? [] : [`Content-Length: ${body.length}`]
    const head = [line, 'Host: soak', `Connection: ${connection}`, ...length].join('\r\n')
    const text = `${head}\r\n\r\n${body ?? ''}`
    if (slow !== 'sender') this.#socket.write(text, 'latin1')
    else await this.#writeInPieces(text)
    if (slow !== 'reader') return
    this.#socket.pause()
    await pause(READ_PAUSE)
    this.#socket.resume()
  }

  async #writeInPieces(text: string): Promise<void> {
    const size = Math.ceil(text.length / PIECES)
    for (let at = 0; at < text.length && !this.#socket.destroyed; at += size) {
      this.#socket.write(text.slice(at, at + size), 'latin1')
      await pause(PIECE_PAUSE)
    }
  }

  #fail(kind: FailureKind): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#socket.destroy()
    waiting?.reject(new RequestFailed(kind))
  }

  #read(text: string): void {
    this.#text += text
    const end = this.#text.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#text.slice(0, end)
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? Number.NaN)
    if (Number.isNaN(length)) return this.#fail('malformed')
    if (this.#text.length < end + 4 + length) return
    this.#text = ''
    this.#answered(head)
  }

  #answered(head: string): void {
    const status = Number(head.split(' ', 2)[1])
    this.worker = Number(/^x-worker: *(\d+)/im.exec(head)?.[1] ?? 0) || undefined
    const isLast = /^connection: *close/im.test(head)
    this.announced = isLast ? 0 : Number(/^keep-alive: *timeout=(\d+)/im.exec(head)?.[1] ?? 0) * 1000
    this.idleSince = performance.now()
    if (status !== 200) return this.#fail(`status ${status}`)
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve()
  }
}

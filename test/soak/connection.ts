import { connect, type Socket } from 'node:net'
import type { Target } from '../helpers/server-process.js'

/** Why a request failed: what the client saw. */
export type FailureKind =
  | 'refused'
  | 'reset'
  | 'closed'
  | 'timeout'
  | 'malformed'
  | `status ${number}`
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
  async get(path: string, connection: 'keep-alive' | 'close'): Promise<void> {
    const timer = setTimeout(() => this.#fail('timeout'), LIMIT)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting = { resolve, reject }
        this.requests++
        this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: soak\r\nConnection: ${connection}\r\n\r\n`)
      })
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#socket.destroy()
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

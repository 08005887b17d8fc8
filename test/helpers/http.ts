import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import type { Target } from './server-process.js'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The worker that answered, where the application says so: a body that is a number. */
  readonly pid: number
  /** Whether the connection had served a request before. */
  readonly reused: boolean
}

export interface Ask {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
}

/** One client with its own connections, which end with the test. */
export class Client {
  readonly #target: Target
  readonly #agent: Agent

  constructor(t: Test, target: Target, { keepAlive = false } = {}) {
    this.#target = target
    this.#agent = new Agent({ keepAlive })
    atEnd(t, () => this.#agent.destroy())
  }

  /** Closes the connections that are kept, for which a worker would wait before it leaves. */
  close(): void {
    this.#agent.destroy()
  }

  /** Rejects if no complete response comes. */
  get(path = '/', ask: Ask = {}): Promise<Reply> {
    const { method = 'GET', headers = {}, body } = ask
    return new Promise((resolve, reject) => {
      const req = request({ ...this.#target, path, method, headers, agent: this.#agent })
      req.on('error', reject)
      req.on('response', res => {
        let text = ''
        res.setEncoding('utf8')
        res.on('data', (part: string) => {
          text += part
        })
        res.on('error', reject)
        res.on('end', () => {
          const status = res.statusCode ?? 0
          resolve({ status, headers: res.headers, body: text, pid: Number(text), reused: req.reusedSocket })
        })
      })
      req.end(body)
    })
  }

  /** `count` requests at once. */
  many(count: number, path = '/'): Promise<Reply[]> {
    return Promise.all(Array.from({ length: count }, () => this.get(path)))
  }
}

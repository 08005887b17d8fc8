import { statSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { json, text } from 'node:stream/consumers'
import { errorCode, toError } from '../errors.js'
import { CtlExit, Failure } from './failure.js'
import { shortName } from './short-name.js'

/** An answer of the server: JSON, or a line of text. */
export interface Answer {
  readonly status: number
  readonly said: unknown
}

type Method = 'GET' | 'POST'

/** How often it is looked whether something has become so, in milliseconds. */
const PAUSE = 100

/** One control socket. Each request has a connection of its own, since after an upgrade another process answers. */
export class Client {
  readonly path: string
  readonly #signal: AbortSignal

  /** @param signal  ends all that is under way; its reason is a Failure, or that of `AbortSignal.timeout` */
  constructor(path: string, signal: AbortSignal) {
    this.path = path
    this.#signal = signal
  }

  /**
   * Asks the server.
   * @param target  path and query
   * @throws Failure if there is no server, or no answer in time
   */
  async ask(method: Method, target: string): Promise<Answer> {
    return this.#guarded(async () => {
      const response = await this.#request(method, target)
      const isJson = /^application\/json\b/.test(response.headers['content-type'] ?? '')
      const said: unknown = isJson ? await json(response) : (await text(response)).trim()
      return { status: response.statusCode ?? 0, said }
    })
  }

  /** As `ask`, of what must succeed. @throws Failure with what the server says if it does not */
  async fetch(method: Method, target: string): Promise<unknown> {
    const { status, said } = await this.ask(method, target)
    if (status >= 400) throw refusal(status, said)
    return said
  }

  /**
   * Has the answer as it comes, in pieces.
   * @param onNote  gets what the server has to say of an answer that holds less than one may think
   * @throws Failure as `fetch`, and if the answer is cut
   */
  async *stream(target: string, onNote: (note: string) => void = () => {}): AsyncGenerator<Buffer> {
    const response = await this.#guarded(() => this.#request('GET', target))
    const { statusCode: status = 0 } = response
    if (status >= 400) {
      const said = await this.#guarded(() => text(response))
      throw refusal(status, parsed(said))
    }
    const { 'unicorn-note': note } = response.headers
    if (typeof note === 'string') onNote(note)
    try {
      for await (const piece of response) yield piece
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** Waits a moment before the next look. @throws Failure if the time is over */
  async pause(milliseconds = PAUSE): Promise<void> {
    const signal = this.#signal
    await new Promise<void>(resolve => {
      const timer = setTimeout(done, milliseconds)
      signal.addEventListener('abort', done)
      function done(): void {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
    })
    if (signal.aborted) throw this.#failure(signal.reason)
  }

  async #request(method: Method, target: string): Promise<IncomingMessage> {
    const headers = { connection: 'close' }
    const { name: socketPath, close } = shortName(this.path)
    const options = { socketPath, path: target, method, headers, agent: false, signal: this.#signal }
    try {
      return await new Promise((resolve, reject) => {
        request(options).on('response', resolve).on('error', reject).end()
      })
    } finally {
      close()
    }
  }

  async #guarded<Value>(action: () => Promise<Value>): Promise<Value> {
    try {
      return await action()
    } catch (error) {
      throw this.#failure(error)
    }
  }

  #failure(error: unknown): Failure {
    const { reason, aborted } = this.#signal
    if (aborted && reason instanceof Failure) return reason
    if (aborted) return new Failure(`no answer of the server at ${this.path} in time`, CtlExit.timeout)
    if (error instanceof Failure) return error
    const code = errorCode(error) ?? ''
    const why = ABSENT[code]
    if (why !== undefined) return new Failure(`no server at ${this.path}: ${why(this.path)}`, CtlExit.noServer)
    if (code === 'EACCES' || code === 'EPERM') {
      return new Failure(`not permitted to use ${this.path}: ${OWN_USER}`, CtlExit.notPermitted)
    }
    if (code === 'ECONNRESET' || code === 'EPIPE') {
      return new Failure(`the server at ${this.path} went away before it had answered`, CtlExit.noServer)
    }
    const found = `what answers at ${this.path} is no control socket of unicorn`
    return new Failure(`${found} (${code || toError(error).message})`, CtlExit.noServer)
  }
}

const OWN_USER = 'it is for the user of the server and for root'

/** Why no connection comes to be, by the code of the error. */
const ABSENT: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: () => 'there is no such file',
  ENOTDIR: () => 'there is no such file',
  ECONNREFUSED: path => (isSocket(path) ? 'the socket was left behind by one that is gone' : 'the file is no socket'),
  ENOTSOCK: () => 'the file is no socket',
  EPROTOTYPE: () => 'it is a socket of another kind',
  EINVAL: () => 'the path is too long for a unix socket',
  ENAMETOOLONG: () => 'the path is too long',
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false
}

function parsed(said: string): unknown {
  try {
    return JSON.parse(said)
  } catch {
    return said.trim()
  }
}

/** What the server says no with. */
export function refusal(status: number, said: unknown): Failure {
  const exitCode = status === 403 ? CtlExit.notPermitted : CtlExit.failed
  if (typeof said !== 'object' || said === null) return new Failure(`refused: ${said}`, exitCode, { status })
  const { result, why } = said as { readonly result?: unknown; readonly why?: unknown }
  return new Failure([result, why].filter(word => word !== undefined).join(': '), exitCode, said)
}

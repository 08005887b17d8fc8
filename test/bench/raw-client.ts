import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** An answer that takes longer, in milliseconds, will not come. */
const LIMIT = 30_000

export interface Address {
  readonly host: string
  readonly port: number
}

interface Pending {
  readonly resolve: (match: RegExpExecArray) => void
  readonly reject: (error: Error) => void
}

const SAYS_CLOSE = /^connection: close\r$/im

/** A keep-alive client that asks for one small answer after the other, on a new connection when the server closes. */
export class RawClient {
  readonly #address: Address
  #socket: Socket
  readonly #complete: RegExp
  #text = ''
  #pending: Pending | undefined
  #failure: Error | undefined
  /** @param complete matches an answer when all of it is there */
  constructor(address: Address, complete: RegExp) {
    this.#address = address
    this.#complete = complete
    this.#socket = this.#connect()
  }

  #connect(): Socket {
    const { host, port } = this.#address
    const socket: Socket = connect({ host, port })
      .setEncoding('latin1')
      .setTimeout(LIMIT, () => socket.destroy(new Error(`no answer within ${LIMIT} ms`)))
      .on('data', (part: string) => this.#read(part))
      .on('error', error => socket === this.#socket && this.#fail(error))
      .on('close', () => {
        if (socket === this.#socket) this.#fail(new Error(`the connection ended after ${JSON.stringify(this.#text)}`))
      })
    return socket
  }

  /** @returns what `complete` matched; rejects where the connection ends before */
  ask(path = '/'): Promise<RegExpExecArray> {
    if (SAYS_CLOSE.test(this.#text)) this.#reconnect()
    if (this.#failure) return Promise.reject(this.#failure)
    this.#text = ''
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`)
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
    })
  }

  /** Resolves when the server has closed its side too. */
  async close(): Promise<void> {
    if (this.#socket.closed) return
    const closed = once(this.#socket, 'close')
    this.#socket.end()
    await closed
  }

  #reconnect(): void {
    const leaving = this.#socket
    this.#socket = this.#connect()
    this.#failure = undefined
    leaving.destroy()
  }

  #read(part: string): void {
    this.#text += part
    const match = this.#complete.exec(this.#text)
    if (match) this.#pending?.resolve(match)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#pending?.reject(this.#failure)
  }
}

/** Exactly so many requests over so many connections at once; answers end with `complete`. */
export async function load(
  address: Address,
  { requests, connections, complete }: { requests: number; connections: number; complete: RegExp },
): Promise<void> {
  let left = requests
  const work = async (): Promise<void> => {
    const client = new RawClient(address, complete)
    while (left-- > 0) await client.ask()
    await client.close()
  }
  await Promise.all(Array.from({ length: connections }, work))
}

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

/** A keep-alive connection that asks for one small answer after the other. */
export class RawClient {
  readonly #socket: Socket
  readonly #complete: RegExp
  #text = ''
  #pending: Pending | undefined
  #failure: Error | undefined

  /** @param complete matches an answer when all of it is there */
  constructor({ host, port }: Address, complete: RegExp) {
    this.#complete = complete
    this.#socket = connect({ host, port })
      .setEncoding('latin1')
      .setTimeout(LIMIT, () => this.#socket.destroy(new Error(`no answer within ${LIMIT} ms`)))
      .on('data', (part: string) => this.#read(part))
      .on('error', error => this.#fail(error))
      .on('close', () => this.#fail(new Error(`the connection ended after ${JSON.stringify(this.#text)}`)))
  }

  /** @returns what `complete` matched; rejects where the connection ends before */
  ask(path = '/'): Promise<RegExpExecArray> {
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

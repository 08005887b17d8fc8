import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import { CEILING } from './log.js'
import type { Target } from './server-process.js'

/** How a connection ended: by the other side's FIN, or by a reset. */
export type Ending = 'closed' | 'reset'

/** A connection and every byte that came on it. */
export class Raw<End extends Duplex = Socket> {
  readonly socket: End
  readonly ending: Promise<Ending>
  #text = ''
  #reset = false

  constructor(socket: End) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#text += text
    })
    socket.on('error', () => {
      this.#reset = true
    })
    this.ending = new Promise(resolve => socket.on('close', () => resolve(this.#reset ? 'reset' : 'closed')))
  }

  get text(): string {
    return this.#text
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes)
  }

  /** Waits until the bytes so far match; rejects with them where the connection ends before. */
  async until(pattern: RegExp): Promise<string> {
    const limit = AbortSignal.timeout(CEILING)
    while (!pattern.test(this.#text)) {
      if (this.socket.closed) throw new Error(`connection ended before ${pattern}: ${JSON.stringify(this.#text)}`)
      await Promise.race([once(this.socket, 'data', { signal: limit }), this.ending])
    }
    return this.#text
  }

  /** Everything that came, once the other side has closed. */
  async all(): Promise<string> {
    await this.ending
    return this.#text
  }
}

/** Connects; the connection ends with the test at the latest. */
export async function connectRaw(t: Test, target: Target): Promise<Raw> {
  const socket = connect('socketPath' in target ? { path: target.socketPath } : target)
  const raw = new Raw(socket)
  atEnd(t, () => socket.destroy())
  await once(socket, 'connect')
  return raw
}

/** A GET in bytes. */
export function head(path = '/', fields: readonly string[] = []): string {
  return `${[`GET ${path} HTTP/1.1`, 'Host: test', ...fields].join('\r\n')}\r\n\r\n`
}

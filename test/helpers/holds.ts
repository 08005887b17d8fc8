import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'

/** How long a request may take to arrive, in milliseconds. */
const LIMIT = 60_000

/**
 * Requests that an application holds until the test lets them go: it asks this server and waits for the answer, so the
 * test knows that the request runs, and decides when it ends.
 */
export class Holds {
  readonly url: string
  readonly #held = new Map<string, ServerResponse>()
  readonly #waiting = new Map<string, () => void>()

  constructor(url: string) {
    this.url = url
  }

  /** For the server's environment. */
  get env(): Record<string, string> {
    return { HOLDS: this.url }
  }

  arrive(name: string, res: ServerResponse): void {
    this.#held.set(name, res)
    this.#waiting.get(name)?.()
  }

  /** Whether the application runs the request of that name, or has run it. */
  hasArrived(name: string): boolean {
    return this.#held.has(name)
  }

  /** Resolves when the application runs the request of that name. @throws Error if that takes too long */
  arrival(name: string): Promise<void> {
    if (this.#held.has(name)) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`waited for the request /${name} for ${LIMIT} ms`)), LIMIT)
      late.unref()
      this.#waiting.set(name, () => {
        clearTimeout(late)
        resolve()
      })
    })
  }

  release(name: string): void {
    this.#held.get(name)?.end()
    this.#held.delete(name)
  }
}

export async function startHolds(t: Test): Promise<Holds> {
  const server = createServer((req, res) => holds.arrive((req.url ?? '').slice(1), res))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  // A server that listens on a port has an object as its address.
  const { port } = server.address() as AddressInfo
  const holds = new Holds(`http://127.0.0.1:${port}`)
  return holds
}

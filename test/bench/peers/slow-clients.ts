import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { until } from '../../helpers/until.js'

const CLIENTS = 1000
/** Longer than any measure: it is stopped. In seconds. */
const LONG = 600

/** What they are slow at, as options of slowhttptest; something is sent or read once a second. */
export const SLOW = {
  heads: ['-H', '-i', '1'],
  bodies: ['-B', '-i', '1', '-s', '100000'],
  readers: ['-X', '-n', '1', '-w', '10', '-y', '20', '-z', '32'],
} as const

export type Slowness = keyof typeof SLOW

/** A thousand clients of slowhttptest. They are there when the server has taken as many connections. */
export class SlowClients {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  private constructor(url: string, slowness: Slowness) {
    const size = ['-c', String(CLIENTS), '-r', String(CLIENTS), '-l', String(LONG), '-p', String(LONG)]
    this.#child = spawn('slowhttptest', [...size, ...SLOW[slowness], '-u', `${url}/large`], { stdio: 'ignore' })
    this.#ended = once(this.#child, 'close')
  }

  static async start({ url, port }: { url: string; port: number }, slowness: Slowness): Promise<SlowClients> {
    const clients = new SlowClients(url, slowness)
    await until(`${CLIENTS} clients with slow ${slowness}`, () => isTakenBy(port, CLIENTS))
    return clients
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

/**
 * Whether clients of this machine have so many connections to a port, and none of them waits to be accepted.
 * The lines of /proc/net/tcp have addresses, state (01 is established, 0A listens) and queues; the second queue of a
 * listening socket has the connections that wait.
 */
function isTakenBy(port: number, connections: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const text = readFileSync('/proc/net/tcp', 'utf8')
  const waits = new RegExp(`:${hex} 00000000:0000 0A \\w+:0*[1-9A-F]`).test(text)
  return !waits && [...text.matchAll(new RegExp(`:${hex} 01 `, 'g'))].length >= connections
}

import type { Duplex } from 'node:stream'
import { JsonLines } from '../sys/json-lines.js'
import type { Examination, Finding, FromWatchdog, ToWatchdog } from '../worker/examination.js'
import { SNAPSHOT_TIME } from '../worker/protocol.js'

/** How long a watchdog may take beyond what it was asked for, in milliseconds. A starved one takes seconds. */
const PATIENCE = 30_000

/** The arbiter's end of the channel to a worker's watchdog. */
export class WatchdogChannel {
  readonly #stream: Duplex
  readonly #lines: JsonLines
  readonly #waiting = new Map<number, (finding: Finding) => void>()
  #id = 0

  constructor(stream: Duplex, onHang: (report: string, stack: readonly string[]) => void) {
    this.#stream = stream
    this.#lines = new JsonLines(stream, value => {
      const message = value as FromWatchdog // both ends run the same code
      if (message.type === 'hang') onHang(message.report, message.stack)
      else this.#waiting.get(message.id)?.(message.finding)
    })
    stream.on('close', () => {
      for (const answer of this.#waiting.values()) answer({ failure: 'the worker has ended meanwhile' })
    })
  }

  /** Never rejects. */
  async ask(examination: Examination): Promise<Finding> {
    if (!this.#stream.writable) return { failure: 'the worker ends' }
    const id = ++this.#id
    const limit = timeOf(examination) + PATIENCE
    let timer: NodeJS.Timeout | undefined
    const finding = await new Promise<Finding>(resolve => {
      this.#waiting.set(id, resolve)
      timer = setTimeout(resolve, limit, { failure: `no answer within ${limit / 1000} s` })
      const message: ToWatchdog = { id, examination }
      this.#lines.send(message)
    })
    clearTimeout(timer)
    this.#waiting.delete(id)
    return finding
  }
}

function timeOf(examination: Examination): number {
  if (examination.what === 'profile') return examination.seconds * 1000
  return examination.what === 'heap-snapshot' ? SNAPSHOT_TIME : 0
}

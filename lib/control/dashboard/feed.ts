import { setTimeout as wait } from 'node:timers/promises'
import type { Snapshot, WorkerSnapshot } from '../../../config/hooks.js'
import type { ControlledServer } from '../../arbiter/control.js'
import { now } from '../../sys/clock.js'
import type { ControlRequest, Reply } from '../routes.js'
import type { History } from './history.js'
import type { Now, Update, WorkerRow } from './messages.js'

/** Between two updates, in milliseconds: workers report as often. */
const PAUSE = 1000
/** For how long a view of the server serves all who watch, in milliseconds. */
const FRESH = 500
/** After how long a browser comes back, in milliseconds. */
const RETRY = 2000

/** What a client has: the number of the last event and of the last point, of this arbiter. */
interface Cursor {
  readonly event: number
  readonly point: number
}

/** Tells those who watch what is new, as server-sent events (HTML Standard, section 9.2). */
export class Feed {
  readonly #server: ControlledServer
  readonly #history: History
  #view: { readonly at: number; readonly now: Now } | undefined

  constructor(server: ControlledServer, history: History) {
    this.#server = server
    this.#history = history
  }

  reply({ header, signal }: ControlRequest): Reply {
    return { type: 'text/event-stream', body: this.#updates(header('last-event-id'), signal) }
  }

  async *#updates(last: string | undefined, signal: AbortSignal): AsyncGenerator<string> {
    const known = cursorOf(last)
    let isFirst = known === undefined
    let { event, point } = known ?? { event: 0, point: 0 }
    yield `retry: ${RETRY}\n\n`
    while (!signal.aborted) {
      const points = this.#history.after(point)
      const events = this.#server.events.recent.filter(({ id }) => id > event)
      event = events.at(-1)?.id ?? event
      point = points.at(-1)?.number ?? point
      const update: Update = { isFirst, now: this.#now, points, events }
      // The empty comment is for those between who look for a sign of life.
      yield `:\nid: ${process.pid}-${event}-${point}\ndata: ${JSON.stringify(update)}\n\n`
      isFirst = false
      await wait(PAUSE, undefined, { signal, ref: false }).catch(() => {}) // the signal ends the loop
    }
  }

  get #now(): Now {
    if (!this.#view || now() - this.#view.at >= FRESH) this.#view = { at: now(), now: viewOf(this.#server.snapshot) }
    return this.#view.now
  }
}

/** @returns undefined if a client has nothing of this arbiter: the numbers of another one begin anew */
function cursorOf(id = ''): Cursor | undefined {
  const { pid, event, point } = /^(?<pid>\d+)-(?<event>\d{1,15})-(?<point>\d{1,15})$/.exec(id)?.groups ?? {}
  return Number(pid) === process.pid ? { event: Number(event), point: Number(point) } : undefined
}

function viewOf({ pid, version, since, state, generation, target, ready, workers }: Snapshot): Now {
  const rows = workers.map(rowOf).sort((a, b) => a.index - b.index || a.since - b.since)
  return { at: Date.now(), pid, version, since, state, generation, target, ready, workers: rows }
}

function rowOf({ index, pid, state, reason, since, generation, figures }: WorkerSnapshot): WorkerRow {
  const { requests, inFlight, utilisation, rss, processes } = figures ?? {}
  return {
    index,
    pid,
    state,
    reason,
    since,
    generation,
    ...(figures && { requests, inFlight, utilisation }),
    ...(rss !== undefined && { rss }),
    ...(processes && { processes }),
  } as WorkerRow
}

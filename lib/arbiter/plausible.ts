import type { Metered, ProcessFigures } from '../../config/hooks.js'
import { BUCKETS, countOf, type SparseCounts } from '../sys/histogram.js'
import { property } from '../sys/objects.js'
import type { Figures } from '../worker/protocol.js'

/** More than a worker can count in a millisecond. */
const MOST_REQUESTS = 10_000
const MOST_BYTES = 1e9
/** More than a machine has, in bytes. */
const MOST_MEMORY = 2 ** 50
/** More than one worker starts. */
const MOST_PROCESSES = 10_000
/** Of Linux (proc(5), `pid_max`). */
const LARGEST_PID = 2 ** 22
/** In milliseconds since the epoch (ECMA-262, section 21.4.1.1). */
const LATEST = 8.64e15
const STATES: readonly ProcessFigures['state'][] = ['starting', 'serving', 'leaving', 'killed', 'gone']
/** Of HTTP, and 0. */
const STATUSES = 600

const NOTHING: Partial<Figures> = {}

/**
 * Returns the figures of a beat, with what cannot be true replaced by what was known before: foreign code runs in a
 * worker and may send anything, and the totals of a server must not depend on that.
 * @param age  of the worker, in milliseconds
 */
export function plausible(found: Figures | undefined, before: Figures | undefined, age: number): Figures {
  const most = Math.max(1, age) * MOST_REQUESTS
  const { requests, inFlight, connections, utilisation, oldest, rss, metered, processes } = found ?? NOTHING
  const memory = from(rss, MOST_MEMORY)
  return {
    requests: counted(requests, most, before?.requests),
    inFlight: from(inFlight, most),
    connections: from(connections, most),
    utilisation: from(utilisation, 1),
    oldest: from(oldest, age),
    ...(memory > 0 && { rss: memory }),
    ...((metered ?? before?.metered) && { metered: plausibleMetered(metered, before?.metered, age) }),
    ...(Array.isArray(processes) && { processes: plausibleProcesses(processes, most) }),
  }
}

function plausibleMetered(
  found: Partial<Metered> | null | undefined,
  before: Metered | undefined,
  age: number,
): Metered {
  const most = Math.max(1, age) * MOST_REQUESTS
  const { statuses, latency, sent, upgraded, queued, delay, heapUsed, heapTotal } = found ?? {}
  const buckets = plausibleCounts(latency?.buckets, { keys: BUCKETS, most, before: before?.latency.buckets })
  const longest = Math.max(1, age) * most
  return {
    statuses: plausibleCounts(statuses, { keys: STATUSES, most, before: before?.statuses }),
    latency: { count: countOf(buckets), sum: counted(latency?.sum, longest, before?.latency.sum), buckets },
    sent: counted(sent, Math.max(1, age) * MOST_BYTES, before?.sent),
    upgraded: from(upgraded, most),
    queued: from(queued, most),
    delay: { mean: from(delay?.mean, age), p99: from(delay?.p99, age), max: from(delay?.max, age) },
    heapUsed: from(heapUsed, MOST_MEMORY),
    heapTotal: from(heapTotal, MOST_MEMORY),
  }
}

function plausibleProcesses(found: readonly unknown[], most: number): ProcessFigures[] {
  return found.slice(0, MOST_PROCESSES).flatMap(each => {
    const state = STATES.find(known => known === property(each, 'state'))
    if (state === undefined) return []
    const number = (name: keyof ProcessFigures, limit: number): number => from(property(each, name), limit)
    const [busySince, rss] = [number('busySince', LATEST), number('rss', MOST_MEMORY)]
    return [
      {
        pid: number('pid', LARGEST_PID),
        index: number('index', MOST_PROCESSES),
        state,
        since: number('since', LATEST),
        requests: number('requests', most),
        busy: number('busy', most),
        ...(busySince > 0 && { busySince }),
        ...(rss > 0 && { rss }),
      },
    ]
  })
}

interface Known {
  /** They are below it. */
  readonly keys: number
  readonly most: number
  readonly before?: SparseCounts | undefined
}

/** Those before stand if anything is wrong with them, or if one has become smaller. */
function plausibleCounts(found: unknown, { keys, most, before = [] }: Known): SparseCounts {
  if (!Array.isArray(found) || found.length > keys) return before
  const isPair = (pair: unknown): pair is [number, number] =>
    Array.isArray(pair) && Number.isInteger(pair[0]) && isFrom(pair[0], keys - 1) && isFrom(pair[1], most)
  if (!found.every(isPair)) return before
  const counts = new Map(found)
  return before.every(([key, count]) => (counts.get(key) ?? 0) >= count) ? found : before
}

function from(found: unknown, most: number): number {
  return isFrom(found, most) ? found : 0
}

/** What is counted never becomes smaller. */
function counted(found: unknown, most: number, before = 0): number {
  return isFrom(found, most) ? Math.max(before, found) : before
}

function isFrom(found: unknown, most: number): found is number {
  return typeof found === 'number' && found >= 0 && found <= most
}

import type { Metered } from '../../config/hooks.js'
import { BUCKETS, countOf, type SparseCounts } from '../sys/histogram.js'
import type { Figures } from '../worker/protocol.js'
import { NO_RESPONSES, STATUS_CLASSES } from './totals.js'

/** More than a worker can count in a millisecond. */
const MOST_REQUESTS = 10_000
const MOST_BYTES = 1e9
/** More than a machine has, in bytes. */
const MOST_MEMORY = 2 ** 50

/**
 * Returns the figures of a beat, with what cannot be true replaced by what was known before: foreign code runs in a
 * worker and may send anything, and the totals of a server must not depend on that.
 * @param age  of the worker, in milliseconds
 */
export function plausible(found: Figures, before: Figures | undefined, age: number): Figures {
  const most = Math.max(1, age) * MOST_REQUESTS
  const { requests, inFlight, connections, utilisation, oldest, rss, metered, processes } = found
  const memory = from(rss, MOST_MEMORY)
  return {
    requests: from(requests, most, before?.requests),
    inFlight: from(inFlight, most),
    connections: from(connections, most),
    utilisation: from(utilisation, 1),
    oldest: from(oldest, age),
    ...(memory > 0 && { rss: memory }),
    ...(metered && { metered: plausibleMetered(metered, before?.metered, age) }),
    ...(Array.isArray(processes) && { processes }),
  }
}

function plausibleMetered(found: Metered, before: Metered | undefined, age: number): Metered {
  const most = Math.max(1, age) * MOST_REQUESTS
  const { responses = NO_RESPONSES, latency, sent, upgraded, queued, delay, heapUsed, heapTotal } = found
  const counts = STATUS_CLASSES.map(name => [name, from(responses[name], most, before?.responses[name])])
  const buckets = plausibleBuckets(latency?.buckets, most) ?? before?.latency.buckets ?? []
  const longest = Math.max(1, age) * most
  return {
    responses: Object.fromEntries(counts),
    latency: { count: countOf(buckets), sum: from(latency?.sum, longest, before?.latency.sum), buckets },
    sent: from(sent, Math.max(1, age) * MOST_BYTES, before?.sent),
    upgraded: from(upgraded, most),
    queued: from(queued, most),
    delay: { mean: from(delay?.mean, age), p99: from(delay?.p99, age), max: from(delay?.max, age) },
    heapUsed: from(heapUsed, MOST_MEMORY),
    heapTotal: from(heapTotal, MOST_MEMORY),
  }
}

/** Undefined if anything is wrong with them. */
function plausibleBuckets(found: unknown, most: number): SparseCounts | undefined {
  if (!Array.isArray(found) || found.length > BUCKETS) return undefined
  const isPair = (pair: unknown): pair is [number, number] =>
    Array.isArray(pair) && Number.isInteger(pair[0]) && isFrom(pair[0], BUCKETS - 1) && isFrom(pair[1], most)
  return found.every(isPair) ? found : undefined
}

function from(found: unknown, most: number, otherwise = 0): number {
  return isFrom(found, most) ? found : otherwise
}

function isFrom(found: unknown, most: number): found is number {
  return typeof found === 'number' && found >= 0 && found <= most
}

import type { Counters, Latency } from '../../config/hooks.js'

type Counts = Readonly<Record<string, number>>
type Pairs = readonly (readonly [number, number])[]

/** Adds what this server has counted to what the arbiters before it have. */
export function addCounters(own: Counters, before: Counters): Counters {
  const commands = new Set([...Object.keys(before.outcomes), ...Object.keys(own.outcomes)])
  const outcomes = [...commands].map(name => [name, addCounts(own.outcomes[name] ?? {}, before.outcomes[name] ?? {})])
  return {
    spawned: own.spawned + before.spawned,
    backOffs: own.backOffs + before.backOffs,
    reaped: addCounts(own.reaped, before.reaped),
    requests: own.requests + before.requests,
    responses: { ...own.responses, ...addCounts(own.responses, before.responses) },
    statuses: addPairs(own.statuses, before.statuses),
    latency: addLatency(own.latency, before.latency),
    sent: own.sent + before.sent,
    outcomes: Object.fromEntries(outcomes),
  }
}

function addCounts(one: Counts, other: Counts): Counts {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries([...names].map(name => [name, (one[name] ?? 0) + (other[name] ?? 0)]))
}

function addPairs(one: Pairs, other: Pairs): Pairs {
  const sum = new Map(one)
  for (const [key, count] of other) sum.set(key, (sum.get(key) ?? 0) + count)
  return [...sum].sort(([a], [b]) => a - b)
}

function addLatency(one: Latency, other: Latency): Latency {
  return { count: one.count + other.count, sum: one.sum + other.sum, buckets: addPairs(one.buckets, other.buckets) }
}

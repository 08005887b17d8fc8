import type { Latency } from '../../../config/hooks.js'
import { lowerBound } from '../../sys/histogram.js'
import type { Sample } from './family.js'

const MILLISECONDS = 1000

/** Prometheus is told of the buckets between these powers of two of a microsecond: from 256 us to 101 s. */
const FIRST_POWER = 8
const LAST_POWER = 26
/** Two for each power of two, so that a quantile is within 20 % of the true one if all lie in one bucket. */
const HALVES = [1, 1.5]
const BOUNDS = Array.from({ length: LAST_POWER - FIRST_POWER + 1 }, (_, power) =>
  HALVES.map(half => (half * 2 ** (FIRST_POWER + power)) / 1000),
).flat()

/** Durations for Prometheus. Each of these bounds is one of a bucket, so their counts are exact. */
export function histogram(name: string, { buckets, count, sum }: Latency): Sample[] {
  let [at, below] = [0, 0]
  const samples = BOUNDS.map((bound): Sample => {
    for (let pair = buckets[at]; pair && lowerBound(pair[0] + 1) <= bound; pair = buckets[++at]) below += pair[1]
    return { value: below, labels: { le: bound / MILLISECONDS }, metricName: `${name}_bucket` }
  })
  return [
    ...samples,
    { value: count, labels: { le: '+Inf' }, metricName: `${name}_bucket` },
    { value: sum / MILLISECONDS, labels: {}, metricName: `${name}_sum` },
    { value: count, labels: {}, metricName: `${name}_count` },
  ]
}

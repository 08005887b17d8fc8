import type { Snapshot } from '../../config/hooks.js'
import type { ControlledServer } from '../arbiter/control.js'
import { quantile } from '../sys/histogram.js'
import { json, type Reply, type Routes, text } from './routes.js'

/** What is read by platforms and people: whether the server is there, whether it is ready, and what it is. */
export function healthRoutes(server: ControlledServer): Routes {
  return {
    '/healthz': { get: () => text('ok') },
    '/readyz': { get: () => readiness(server) },
    '/status': { get: ({ query }) => json(statusOf(server.snapshot, query.has('buckets'))) },
  }
}

/**
 * Ready are as many workers as `readyWorkers` asks for, or all, if there are to be fewer. In an upgrade the new arbiter
 * answers, and while its workers boot those of the old one serve.
 */
function readiness({ snapshot, config, isServedByOther }: ControlledServer): Reply {
  const { state, ready, target } = snapshot
  const wanted = Math.min(config.readyWorkers, target)
  const counts = `${ready} of ${target} workers are ready`
  if (state === 'starting' && isServedByOther) return text(`ready: the arbiter before this one serves, ${counts}`)
  if (state === 'starting' || state === 'stopping') return text(`${state}: ${counts}`, 503)
  return ready >= wanted ? text(`ready: ${counts}`) : text(`not ready: ${counts}, wanted ${wanted}`, 503)
}

/** The shares of requests whose longest duration is told, by name. */
export const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 }

/**
 * The snapshot for readers: percentiles in milliseconds in place of the counts of each bucket.
 * @param withBuckets  those of all requests are in it nevertheless, for readers that compare two moments
 */
export function statusOf(snapshot: Snapshot, withBuckets = false): object {
  const { workers, counters } = snapshot
  const { buckets } = counters.latency
  return {
    ...snapshot,
    workers: workers.map(({ figures, ...worker }) => {
      if (!figures?.metered) return { ...worker, ...(figures && { figures }) }
      const metered = { ...figures.metered, latency: percentiles(figures.metered.latency) }
      return { ...worker, figures: { ...figures, metered } }
    }),
    counters: { ...counters, latency: { ...percentiles(counters.latency), ...(withBuckets && { buckets }) } },
  }
}

function percentiles({ count, sum, buckets }: Snapshot['counters']['latency']): object {
  const values = Object.entries(QUANTILES).map(([name, share]) => [name, quantile(buckets, share)])
  return { count, sum, ...Object.fromEntries(values) }
}

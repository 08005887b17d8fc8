import type { Figures, Snapshot } from '../../config/hooks.js'

/** The figures of a worker that has served 100 requests. */
export const FIGURES: Figures = {
  requests: 100,
  inFlight: 2,
  connections: 3,
  utilisation: 0.5,
  rss: 1e8,
  metered: {
    statuses: [[200, 100]],
    latency: { count: 100, sum: 500, buckets: [[64, 100]] },
    sent: 1000,
    upgraded: 0,
    queued: 1,
    delay: { mean: 1, p99: 2, max: 3 },
    heapUsed: 1e7,
    heapTotal: 2e7,
  },
  processes: [{ pid: 1, index: 0, state: 'serving', since: 1, requests: 5, busy: 1, rss: 1e7 }],
}

/** A server with a worker that has these figures. */
export function snapshotWith(figures: Figures, counters: Partial<Snapshot['counters']> = {}): Snapshot {
  const { statuses, latency, sent } = FIGURES.metered ?? {
    statuses: [],
    latency: { count: 0, sum: 0, buckets: [] },
    sent: 0,
  }
  return {
    pid: 1,
    version: '1.0.0',
    since: 1,
    state: 'running',
    generation: 1,
    target: 1,
    ready: 1,
    addresses: ['http://127.0.0.1:8000'],
    listeners: [{ address: 'http://127.0.0.1:8000', waiting: 0, limit: 16 }],
    workers: [
      {
        pid: 2,
        index: 0,
        age: 1,
        generation: 1,
        state: 'ready',
        since: 1,
        reason: undefined,
        deadline: undefined,
        figures,
      },
    ],
    counters: {
      spawned: 1,
      backOffs: 0,
      reaped: {},
      requests: 100,
      responses: { '1xx': 0, '2xx': 100, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 },
      statuses,
      latency,
      sent,
      outcomes: {},
      ...counters,
    },
    lastOutcomes: {},
  }
}

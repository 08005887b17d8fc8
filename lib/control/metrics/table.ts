import type { Figures, Metered, Snapshot, WorkerSnapshot } from '../../../config/hooks.js'
import { histogram } from './buckets.js'
import type { Family, MetricType, Sample } from './family.js'

/** One metric of a server. Its name ends with its unit (Prometheus, "Metric and label naming"). */
interface Metric {
  readonly type: MetricType
  readonly help: string
  /** The names of its labels. */
  readonly labels?: readonly string[]
  /** If OpenTelemetry's semantic conventions have it: what it is there. */
  readonly convention?: Convention
  readonly read: (snapshot: Snapshot) => Sample[]
}

/** A metric of OpenTelemetry's semantic conventions. */
interface Convention {
  readonly name: string
  /** If Prometheus' name does not say it. */
  readonly unit?: string
  /** Its values can be added up, as the memory of several processes can: an UpDownCounter there. */
  readonly isSum?: true
}

const STATES: readonly Snapshot['state'][] = ['starting', 'running', 'reloading', 'stopping']
const WORKER_STATES: readonly WorkerSnapshot['state'][] = ['starting', 'ready', 'retiring', 'aborting']
const MILLISECONDS = 1000

/** THE table of the server's metrics, by name; docs/metrics.md has each. */
export const METRICS: Readonly<Record<string, Metric>> = {
  unicorn_info: {
    type: 'gauge',
    help: 'The server, always 1.',
    labels: ['version', 'node'],
    read: ({ version }) => [{ value: 1, labels: { version, node: process.versions.node } }],
  },
  unicorn_start_time_seconds: gauge(
    'When the arbiter was started, since the epoch.',
    ({ since }) => since / MILLISECONDS,
  ),
  unicorn_state: {
    type: 'gauge',
    help: '1 for the state that the server is in, 0 for the others.',
    labels: ['state'],
    read: ({ state }) => STATES.map(each => ({ value: Number(each === state), labels: { state: each } })),
  },
  unicorn_generation: gauge(
    'The number of the generation that serves: 1, and one more with each reload.',
    s => s.generation,
  ),
  unicorn_workers_wanted: gauge('How many workers there should be.', ({ target }) => target),
  unicorn_workers_ready: gauge(
    'How many workers are ready and send beats; of an application in Python, its processes.',
    ({ ready }) => ready,
  ),
  unicorn_workers: {
    type: 'gauge',
    help: 'Worker processes by state.',
    labels: ['state'],
    read: ({ workers }) =>
      WORKER_STATES.map(state => ({
        value: workers.filter(worker => worker.state === state).length,
        labels: { state },
      })),
  },

  unicorn_requests_total: counter('Requests that have ended, whatever their answer.', ({ requests }) => requests),
  unicorn_responses_total: {
    type: 'counter',
    help: 'Responses by class of status; none are requests whose client left before there was one.',
    labels: ['class'],
    read: ({ counters }) => byName('class', counters.responses),
  },
  unicorn_response_body_bytes_total: counter(
    'Bytes of the bodies of responses; on node:http only with an access log.',
    ({ sent }) => sent,
  ),
  unicorn_request_duration_seconds: {
    type: 'histogram',
    help: 'From the complete head of a request to the end of its response.',
    convention: { name: 'http.server.request.duration' },
    read: ({ counters }) => histogram('unicorn_request_duration_seconds', counters.latency),
  },
  unicorn_worker_starts_total: counter('Worker processes that were started.', ({ spawned }) => spawned),
  unicorn_worker_exits_total: {
    type: 'counter',
    help: 'Worker processes that are gone, by reason.',
    labels: ['reason'],
    read: ({ counters }) => byName('reason', { ...NO_EXITS, ...counters.reaped }),
  },
  unicorn_worker_backoffs_total: counter(
    'Pauses before a worker whose predecessors kept dying young.',
    c => c.backOffs,
  ),
  unicorn_commands_total: {
    type: 'counter',
    help: 'What became of commands: reload, upgrade, scale, reopen, stop, dismiss.',
    labels: ['command', 'result'],
    read: ({ counters }) =>
      Object.entries({ ...NO_OUTCOMES, ...counters.outcomes }).flatMap(([command, results]) =>
        Object.entries({ ...NO_OUTCOMES[command], ...results }).map(([result, value]) => ({
          value,
          labels: { command, result },
        })),
      ),
  },

  unicorn_worker_start_time_seconds: {
    type: 'gauge',
    help: 'When the process of a worker was forked, since the epoch.',
    labels: ['worker'],
    read: ({ workers }) => perWorker(workers, ({ since }) => since / MILLISECONDS),
  },
  unicorn_worker_requests_in_flight: ofFigures('Requests under way in a worker.', ({ inFlight }) => inFlight, {
    name: 'http.server.active_requests',
    unit: '{request}',
    isSum: true,
  }),
  unicorn_worker_requests_queued: ofMetered('Those of them that do not run yet.', ({ queued }) => queued),
  unicorn_worker_connections: ofFigures('Open connections of a worker.', ({ connections }) => connections),
  unicorn_worker_upgraded_connections: ofMetered(
    'Those of them that have left HTTP, for a WebSocket or a tunnel.',
    ({ upgraded }) => upgraded,
  ),
  unicorn_worker_event_loop_utilization_ratio: ofFigures(
    'How much of its time the event loop of a worker was busy, from 0 to 1.',
    ({ utilisation }) => utilisation,
    { name: 'nodejs.eventloop.utilization' },
  ),
  unicorn_worker_event_loop_delay_mean_seconds: ofMetered(
    'For how long the event loop was late for its timers, on average over the last second.',
    ({ delay }) => delay.mean / MILLISECONDS,
    { name: 'nodejs.eventloop.delay.mean' },
  ),
  unicorn_worker_event_loop_delay_p99_seconds: ofMetered(
    'The same, 99th percentile.',
    ({ delay }) => delay.p99 / MILLISECONDS,
    { name: 'nodejs.eventloop.delay.p99' },
  ),
  unicorn_worker_event_loop_delay_max_seconds: ofMetered(
    'The same, at most.',
    ({ delay }) => delay.max / MILLISECONDS,
    { name: 'nodejs.eventloop.delay.max' },
  ),
  unicorn_worker_resident_memory_bytes: ofFigures('Resident memory of a worker.', ({ rss }) => rss, {
    name: 'process.memory.usage',
    isSum: true,
  }),
  unicorn_worker_heap_used_bytes: ofMetered('Memory of the JavaScript objects of a worker.', m => m.heapUsed),
  unicorn_worker_heap_total_bytes: ofMetered('What V8 has taken for them.', ({ heapTotal }) => heapTotal),

  unicorn_python_processes: ofFigures(
    'Processes of an application in Python that serve, by front.',
    ({ processes }) => processes?.filter(({ state }) => state === 'serving').length,
  ),
  unicorn_python_requests_running: ofFigures('Requests that these processes run.', ({ processes }) =>
    processes?.reduce((sum, { busy }) => sum + busy, 0),
  ),
  unicorn_python_resident_memory_bytes: ofFigures('Resident memory of these processes together.', ({ processes }) =>
    processes?.reduce((sum, { rss = 0 }) => sum + rss, 0),
  ),

  unicorn_listener_queue_length: {
    type: 'gauge',
    help: "Connections in the kernel's queue of a listening socket, which no worker has accepted yet.",
    labels: ['address'],
    read: ({ listeners }) => ofListeners(listeners, 'waiting'),
  },
  unicorn_listener_queue_limit: {
    type: 'gauge',
    help: 'How many the kernel queues there at most.',
    labels: ['address'],
    read: ({ listeners }) => ofListeners(listeners, 'limit'),
  },
  unicorn_arbiter_resident_memory_bytes: gauge('Resident memory of the arbiter.', () => process.memoryUsage.rss()),
}

/** Present from the start, since Prometheus sees no increase in what appears with a value. */
const NO_EXITS: Snapshot['counters']['reaped'] = {
  exited: 0,
  crashed: 0,
  hung: 0,
  'boot-failed': 0,
  'boot-timeout': 0,
  'killed-outside': 0,
  retired: 0,
  reloaded: 0,
  'max-requests': 0,
  'max-memory': 0,
}
const NO_OUTCOMES: Snapshot['counters']['outcomes'] = {
  reload: { committed: 0, failed: 0, refused: 0, overtaken: 0 },
  upgrade: { started: 0, failed: 0, refused: 0, ended: 0 },
}

/** Returns the server's metrics. */
export function familiesOf(snapshot: Snapshot): Family[] {
  return Object.entries(METRICS).flatMap(([name, { type, help, read }]) => {
    const values = read(snapshot)
    return values.length > 0 ? [{ name, help, type, values, aggregator: 'sum' }] : []
  })
}

function gauge(help: string, read: (snapshot: Snapshot) => number): Metric {
  return { type: 'gauge', help, read: snapshot => [{ value: read(snapshot), labels: {} }] }
}

function counter(help: string, read: (counters: Snapshot['counters']) => number): Metric {
  return { type: 'counter', help, read: ({ counters }) => [{ value: read(counters), labels: {} }] }
}

function ofFigures(help: string, read: (figures: Figures) => number | undefined, convention?: Convention): Metric {
  const ofWorker = ({ figures }: WorkerSnapshot): number | undefined => figures && read(figures)
  return {
    type: 'gauge',
    help,
    labels: ['worker'],
    ...(convention && { convention }),
    read: ({ workers }) => perWorker(workers, ofWorker),
  }
}

function ofMetered(help: string, read: (metered: Metered) => number, convention?: Convention): Metric {
  return ofFigures(help, ({ metered }) => metered && read(metered), convention)
}

/** By the index of a worker, of which there are few: of several processes at one, the newest. */
function perWorker(workers: readonly WorkerSnapshot[], read: (worker: WorkerSnapshot) => number | undefined): Sample[] {
  const newest = new Map(workers.map(worker => [worker.index, worker]))
  return [...newest.values()].flatMap(worker => {
    const value = read(worker)
    return value === undefined ? [] : [{ value, labels: { worker: worker.index } }]
  })
}

function byName(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ value, labels: { [label]: name } }))
}

/** A unix socket has no such figures. */
function ofListeners(listeners: Snapshot['listeners'], what: 'waiting' | 'limit'): Sample[] {
  return listeners.flatMap(({ address, [what]: value }) =>
    value === undefined ? [] : [{ value, labels: { address } }],
  )
}

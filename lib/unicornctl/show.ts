import type { ServerEvent } from '../../config/events.js'
import type { Status, WorkerStatus } from './status.js'
import { type Column, durationText, latencyText, percentText, plain, sizeText, table } from './table.js'

const WORKER_COLUMNS: readonly Column[] = [
  { title: 'INDEX', isFigure: true },
  { title: 'PID', isFigure: true },
  { title: 'STATE' },
  { title: 'GENERATION', isFigure: true },
  { title: 'AGE', isFigure: true },
  { title: 'REQUESTS', isFigure: true },
  { title: 'IN FLIGHT', isFigure: true },
  { title: 'LOOP', isFigure: true },
  { title: 'RSS', isFigure: true },
]

/** @param now  in milliseconds since the epoch */
export function workersText({ workers }: Status, now = Date.now()): string {
  return table(
    WORKER_COLUMNS,
    workers.map(worker => workerRow(worker, now)),
  )
}

function workerRow({ index, pid, state, reason, generation, since, figures }: WorkerStatus, now: number): string[] {
  return [
    String(index),
    String(pid ?? '-'),
    reason === undefined ? state : `${state}, ${reason}`,
    String(generation),
    durationText(now - since),
    String(figures?.requests ?? '-'),
    String(figures?.inFlight ?? '-'),
    percentText(figures?.utilisation),
    sizeText(figures?.rss),
  ]
}

/** The whole server, for people. */
export function statusText(status: Status, now = Date.now()): string {
  const { version, pid, state, since, generation, ready, target, addresses, counters, lastOutcomes } = status
  const { requests, responses, latency, backOffs } = counters
  const facts = [
    ['server', `unicorn ${version}, pid ${pid}, ${state}, up ${durationText(now - since)}, generation ${generation}`],
    ['addresses', addresses.join(', ')],
    ['workers', `${ready} of ${target} ready${backOffs > 0 ? `, ${backOffs} pauses after early deaths` : ''}`],
    ['requests', `${requests}, of which ${responses['5xx']} with 5xx`],
    ['latency', `p50 ${latencyText(latency.p50)}, p99 ${latencyText(latency.p99)}`],
    ...Object.entries(lastOutcomes).map(([command, { result, why, at }]) => [
      `last ${command}`,
      `${result}${why === undefined ? '' : ` (${why})`} ${durationText(now - at)} ago`,
    ]),
  ].map(([name = '', value = '']) => [name, plain(value)] as const)
  const width = Math.max(...facts.map(([name]) => name.length))
  const lines = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`)
  return `${lines.join('')}\n${workersText(status, now)}`
}

/** One event as a line, and a line for each frame of a stack. */
export function eventText({ id, at, type, ...facts }: ServerEvent): string {
  const words: string[] = []
  const below: string[] = []
  for (const [name, value] of Object.entries(facts)) {
    if (Array.isArray(value)) below.push(...value.map(item => `    at ${plain(String(item))}\n`))
    else words.push(`${name}=${plain(String(value))}`)
  }
  const time = new Date(at).toISOString().replace('T', ' ').slice(0, 19)
  return `${[time, type.padEnd(15), ...words].join('  ').trimEnd()}\n${below.join('')}`
}

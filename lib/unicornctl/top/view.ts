import { type Column, durationText, latencyText, percentText, plain, sizeText, table } from '../table.js'
import type { Sample, WorkerSample } from './sample.js'

/** THE table of orders: each worker by a figure, the largest first, but for the index. */
const ORDERS = {
  index: ({ index }: WorkerSample) => -index,
  'requests/s': ({ rate }: WorkerSample) => rate,
  loop: ({ figures }: WorkerSample) => figures?.utilisation ?? 0,
  memory: ({ figures }: WorkerSample) => figures?.rss ?? 0,
  age: ({ since }: WorkerSample) => -since,
}
export type Order = keyof typeof ORDERS
const ORDER_NAMES = Object.keys(ORDERS) as Order[] // exactly these keys: the table is a literal

export function orderAfter(order: Order): Order {
  return ORDER_NAMES[(ORDER_NAMES.indexOf(order) + 1) % ORDER_NAMES.length] ?? 'index'
}

export function inOrder(workers: readonly WorkerSample[], order: Order): WorkerSample[] {
  return [...workers].sort((a, b) => ORDERS[order](b) - ORDERS[order](a) || a.index - b.index)
}

const COLUMNS: readonly Column[] = [
  { title: 'INDEX', isFigure: true },
  { title: 'PID', isFigure: true },
  { title: 'STATE' },
  { title: 'AGE', isFigure: true },
  { title: 'REQ/S', isFigure: true },
  { title: 'IN FLIGHT', isFigure: true },
  { title: 'LOOP' },
  { title: 'RSS', isFigure: true },
]

/** The table of workers, without a screen. */
export function workerTable(workers: readonly WorkerSample[], now: number): string {
  const rows = workers.map(({ index, pid, state, since, rate, figures }) => [
    String(index),
    String(pid ?? '-'),
    state,
    durationText(now - since),
    rateText(rate),
    String(figures?.inFlight ?? '-'),
    `${bar(figures?.utilisation)} ${percentText(figures?.utilisation)}`,
    sizeText(figures?.rss),
  ])
  return table(COLUMNS, rows)
}

/** Two lines about the server as a whole. */
export function totals({ status, ...sample }: Sample, now: number): string[] {
  const { version, pid, state, since, generation, ready, target, counters } = status
  const errors = `5xx ${rateText(sample.errorRate)}/s (${counters.responses['5xx']})`
  const latency = `p50 ${latencyText(sample.p50)}  p99 ${latencyText(sample.p99)}`
  return [
    plain(`unicorn ${version}  pid ${pid}  ${state}  up ${durationText(now - since)}  generation ${generation}`),
    `${ready}/${target} ready  ${rateText(sample.rate)} req/s  ${latency}  ${errors}  ${sample.inFlight} in flight`,
  ]
}

const BAR = 10

function bar(share = 0): string {
  const full = Math.round(Math.min(1, share) * BAR)
  return `[${'|'.repeat(full).padEnd(BAR)}]`
}

function rateText(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : String(Math.round(rate))
}

/** What a screen shows. */
export interface Scene {
  readonly sample: Sample
  /** One line each, the last one last. */
  readonly events: readonly string[]
  readonly order: Order
  /** The pid of a worker. */
  readonly selected: number | undefined
  /** What became of the last key, or what is wrong. */
  readonly message: string | undefined
}

const MOST_EVENTS = 6
const HELP = 'arrows select  r retire  R reload  q quit'
const BOLD = '\x1b[1m'
const INVERSE = '\x1b[7m'
const PLAIN = '\x1b[0m'

/**
 * Draws the whole screen: as many lines as it has rows, none longer than it has columns. Workers that have no room are
 * left out around the selected one.
 */
export function draw(
  { sample, events, order, selected, message }: Scene,
  size: { readonly columns: number; readonly rows: number },
  now = Date.now(),
): string[] {
  const workers = inOrder(sample.workers, order)
  const [title = '', ...rows] = workerTable(workers, now).trimEnd().split('\n')
  const head = [...totals(sample, now), '']
  const wanted = Math.min(MOST_EVENTS, events.length, Math.max(0, size.rows - 8))
  const room = Math.max(1, size.rows - head.length - 2 - (wanted > 0 ? wanted + 1 : 0))
  const at = Math.max(
    0,
    workers.findIndex(({ pid }) => pid === selected),
  )
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), rows.length - room))
  const style = (line: string, code: string): string =>
    `${code}${line.slice(0, size.columns).padEnd(size.columns)}${PLAIN}`
  const shown = rows.slice(first, first + room).map((row, place) => {
    return workers[first + place]?.pid === selected ? style(row, INVERSE) : row.slice(0, size.columns)
  })
  const body = [
    ...head.map((line, place) => (place === 0 ? style(line, BOLD) : line.slice(0, size.columns))),
    style(title, BOLD),
    ...shown,
    ...(wanted > 0 ? ['', ...events.slice(-wanted).map(line => line.slice(0, size.columns))] : []),
  ].slice(0, size.rows - 1)
  const filler = Array.from({ length: Math.max(0, size.rows - 1 - body.length) }, () => '')
  const foot = message ?? `s sort (${order})  ${HELP}`
  return [...body, ...filler, plain(foot).slice(0, size.columns)]
}

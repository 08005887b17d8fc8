import type { Now, Point, Update } from '../messages.js'
import { Charts } from './charts.js'
import { byId, element } from './dom.js'
import { age, count, duration, rate } from './format.js'
import { Marks } from './marks.js'
import { showWorkers } from './workers.js'

/** An hour, as the arbiter keeps it. */
const LONGEST = 3_600_000
/** Of time that is shown, however little is known, in milliseconds. */
const SHORTEST = 300_000
const MOST_POINTS = 360
const MOST_EVENTS = 200

const charts = new Charts()
const marks = new Marks()
const points: Point[] = []

function show({ isFirst, now, points: added, events }: Update): void {
  if (isFirst) {
    points.length = 0
    marks.clear()
  }
  points.push(...added)
  if (points.length > MOST_POINTS) points.splice(0, points.length - MOST_POINTS)
  for (const event of events) marks.add(event, MOST_EVENTS)
  const from = Math.max(now.at - LONGEST, Math.min(now.since, now.at - SHORTEST))
  marks.place(from, now.at)
  charts.show(points, marks.all, [from, now.at])
  showServer(now)
  showTiles(now, points.at(-1))
  showWorkers(now)
}

function showServer({ state, version, pid, generation, since, at }: Now): void {
  showState(state, state)
  byId('about').textContent =
    `${version} · arbiter ${pid} · generation ${generation} · up ${age(at - since)} · ${location.host}`
  document.title = `${state} · unicorn`
}

function showState(text: string, className: string): void {
  const place = byId('state')
  // A reader of the screen says each change.
  if (place.textContent !== text) place.textContent = text
  place.className = className
}

function showTiles({ ready, target, workers }: Now, last: Point | undefined): void {
  const inFlight = workers.reduce((sum, each) => sum + (each.inFlight ?? 0), 0)
  const tiles = [
    ['Requests a second', rate(last?.requests)],
    ['Median', duration(last?.p50)],
    ['99th percentile', duration(last?.p99)],
    ['Errors a second', rate(last?.errors)],
    ['In flight', count(inFlight)],
    ['Workers ready', `${ready} of ${target}`],
  ] as const
  byId('tiles').replaceChildren(
    ...tiles.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
  )
}

const source = new EventSource('events')
source.addEventListener('message', ({ data }) => show(JSON.parse(String(data)) as Update))
source.addEventListener('error', () => showState('connection lost, trying again', 'lost'))

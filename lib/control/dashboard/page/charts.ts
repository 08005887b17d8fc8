import uPlot from 'uplot'
import type { Point } from '../messages.js'
import { byId, colour, element } from './dom.js'
import { duration, megabytes, rate, share } from './format.js'

interface Mark {
  readonly at: number
  readonly tone: string
}

/** A series of a chart: its name, the name or hue of its colour, and its value at a point. */
interface Line {
  readonly label: string
  readonly stroke: () => string
  readonly read: (point: Point) => number | null
  /** If it has no value, as between a worker and its replacement, it goes on. */
  readonly spanGaps?: boolean
}

interface Chart {
  readonly title: string
  readonly format: (value: number | null | undefined) => string
  readonly lines: (points: readonly Point[]) => readonly Line[]
}

const HEIGHT = 190
const SECOND = 1000

/** THE table of charts. */
const CHARTS: readonly Chart[] = [
  { title: 'Requests a second', format: rate, lines: () => [named('requests', 'accent', p => p.requests)] },
  {
    title: 'Latency',
    format: duration,
    lines: () => [
      named('p50', 'good', ({ p50 }) => p50),
      named('p95', 'warn', ({ p95 }) => p95),
      named('p99', 'bad', ({ p99 }) => p99),
    ],
  },
  { title: 'Errors (5xx) a second', format: rate, lines: () => [named('errors', 'bad', ({ errors }) => errors)] },
  { title: 'Event loop utilisation', format: share, lines: points => perWorker(points, 1) },
  { title: 'Memory', format: megabytes, lines: points => perWorker(points, 2) },
]

function named(label: string, name: string, read: Line['read']): Line {
  return { label, stroke: () => colour(name), read }
}

function perWorker(points: readonly Point[], place: 1 | 2): Line[] {
  const indexes = [...new Set(points.flatMap(({ workers }) => workers.map(([index]) => index)))].sort((a, b) => a - b)
  return indexes.map(index => ({
    label: String(index),
    stroke: () => `hsl(${(250 + index * 137.5) % 360} 60% ${isDark.matches ? 70 : 42}%)`,
    read: ({ workers }) => workers.find(([each]) => each === index)?.[place] ?? null,
    spanGaps: true,
  }))
}

const isDark = matchMedia('(prefers-color-scheme: dark)')

/** The charts, which share their range of time and their marks. */
export class Charts {
  readonly #plots = CHARTS.map(chart => new Plot(chart, () => this.#marks))
  #marks: readonly Mark[] = []

  /** @param range  in milliseconds since the epoch */
  show(points: readonly Point[], marks: readonly Mark[], range: readonly [number, number]): void {
    this.#marks = marks
    for (const plot of this.#plots) plot.show(points, range)
  }
}

class Plot {
  readonly #chart: Chart
  readonly #marks: () => readonly Mark[]
  readonly #place = element('div')
  #plot: uPlot | undefined
  /** What it was made for: it is made anew for other lines or colours. */
  #key = ''

  constructor(chart: Chart, marks: () => readonly Mark[]) {
    this.#chart = chart
    this.#marks = marks
    byId('charts').append(element('section', {}, element('h2', {}, chart.title), this.#place))
    new ResizeObserver(() => this.#plot?.setSize(this.#size)).observe(this.#place)
  }

  show(points: readonly Point[], [from, to]: readonly [number, number]): void {
    const lines = this.#chart.lines(points)
    const key = `${isDark.matches} ${lines.map(({ label }) => label).join()}`
    const data: uPlot.AlignedData = [points.map(({ at }) => at / SECOND), ...lines.map(({ read }) => points.map(read))]
    if (key !== this.#key) {
      this.#key = key
      this.#plot?.destroy()
      this.#plot = new uPlot(this.#options(lines), data, this.#place)
    } else this.#plot?.setData(data, false)
    this.#plot?.setScale('x', { min: from / SECOND, max: to / SECOND })
  }

  get #size(): { width: number; height: number } {
    return { width: this.#place.clientWidth, height: HEIGHT }
  }

  #options(lines: readonly Line[]): uPlot.Options {
    const { format } = this.#chart
    const axis = { stroke: colour('quiet'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } }
    return {
      ...this.#size,
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
      axes: [
        { ...axis, size: 28, values: [[60, '{HH}:{mm}', null, null, null, null, null, null, 1]] },
        { ...axis, size: 66, values: (_plot, values) => values.map(value => format(value)) },
      ],
      series: [
        { value: '{HH}:{mm}:{ss}', label: 'time' },
        ...lines.map(({ label, stroke, spanGaps = false }) => ({
          label,
          stroke: stroke(),
          spanGaps,
          width: 1.5,
          points: { show: (plot: uPlot) => plot.data[0].length < 3 },
          value: (_plot: uPlot, value: number | null) => format(value),
        })),
      ],
      hooks: { draw: [plot => this.#drawMarks(plot)] },
    }
  }

  #drawMarks({ ctx, bbox, valToPos }: uPlot): void {
    ctx.save()
    ctx.globalAlpha = 0.55
    for (const { at, tone } of this.#marks()) {
      const x = Math.round(valToPos(at / SECOND, 'x', true))
      if (x < bbox.left || x > bbox.left + bbox.width) continue
      ctx.fillStyle = colour(tone === 'plain' ? 'accent' : tone)
      ctx.fillRect(x, bbox.top, devicePixelRatio, bbox.height)
    }
    ctx.restore()
  }
}

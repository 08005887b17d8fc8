import type { Summary } from './statistics.js'
import type { Table } from './table.js'

export interface Bar {
  readonly label: string
  readonly figure: Summary
  readonly ours: boolean
}

export interface Group {
  /** '' for none. */
  readonly title: string
  readonly bars: readonly Bar[]
}

export interface Chart {
  readonly title: string
  readonly groups: readonly Group[]
  /** Each group has figures of its own kind, and so a scale of its own. */
  readonly hasOwnScales?: boolean
}

const WIDTH = 720
const LEFT = 180
const RIGHT = 90
const ROW = 26
const TOP = 40

/** A table as a chart of one group, in the contestants' fixed order. */
export function chartOf(title: string, table: Table): Chart {
  return { title, groups: [groupOf('', table)] }
}

export function groupOf(title: string, table: Table): Group {
  const contestants = table.contestants.toSorted(
    (a, b) => Number(b.ours) - Number(a.ours) || a.name.localeCompare(b.name, 'en'),
  )
  return { title, bars: contestants.map(each => ({ label: each.name, ours: each.ours, figure: table.summary(each) })) }
}

/** The chart as SVG: a bar for each median, a line from the least to the largest round. */
export function svg({ title, groups, hasOwnScales = false }: Chart): string {
  const rows: string[] = []
  let y = TOP
  for (const group of groups) {
    const scale = scaleOf(hasOwnScales ? [group] : groups)
    if (group.title !== '') {
      rows.push(text({ x: 10, y: y + 17, anchor: 'start' }, group.title))
      y += ROW
    }
    for (const bar of group.bars) {
      rows.push(row(bar, y, scale))
      y += ROW
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" width="${WIDTH}" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<style>text{font:13px sans-serif;fill:#222}rect{fill:#9aa5b1}.ours{fill:#3366cc}line{stroke:#222;stroke-width:1.5}',
    '@media(prefers-color-scheme:dark){text{fill:#ddd}line{stroke:#ddd}}</style>',
    text({ x: 10, y: 22, anchor: 'start' }, title),
    ...rows,
    '</svg>\n',
  ].join('\n')
}

/** Pixels for 1, so that the largest figure fits. */
function scaleOf(groups: readonly Group[]): number {
  const largest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ figure }) => figure.max)))
  return (WIDTH - LEFT - RIGHT) / (largest || 1)
}

function row({ label, figure, ours }: Bar, y: number, scale: number): string {
  const [start, low, end, high] = [0, figure.min, figure.median, figure.max].map(value => LEFT + value * scale)
  const middle = y + ROW / 2 - 2
  return [
    text({ x: LEFT - 8, y: y + 16, anchor: 'end' }, label),
    `<rect x="${round(start)}" y="${y + 2}" width="${round(figure.median * scale)}" height="${ROW - 8}"${ours ? ' class="ours"' : ''}/>`,
    `<line x1="${round(low)}" x2="${round(high)}" y1="${middle}" y2="${middle}"/>`,
    text({ x: Math.max(end ?? 0, high ?? 0) + 6, y: y + 16, anchor: 'start' }, short(figure.median)),
  ].join('')
}

function text({ x, y, anchor }: { x: number; y: number; anchor: 'start' | 'end' }, content: string): string {
  return `<text x="${round(x)}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`
}

/** Three or more digits that count, whatever the size. */
function short(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value >= 100 ? 0 : 2 })
}

function round(value = 0): number {
  return Math.round(value * 10) / 10
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

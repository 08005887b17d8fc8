import t from 'tap'
import { type Bar, svg } from './chart.js'

function bar(label: string, value: number): Bar {
  return { label, ours: false, figure: { median: value, min: value, max: value } }
}

/** Of the bars, in their order. */
function widths(chart: string): number[] {
  return [...chart.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
}

const groups = [
  { title: 'a second', bars: [bar('a', 50_000), bar('b', 25_000)] },
  { title: 'microseconds', bars: [bar('a', 20), bar('b', 40)] },
]

t.test('the groups of a chart have one scale', async t => {
  const [first = 0, second, third = 0] = widths(svg({ title: '', groups }))
  t.equal(second, first / 2)
  t.ok(third < 1)
})

t.test('groups of different kinds have a scale each', async t => {
  const [first = 0, second, third, fourth] = widths(svg({ title: '', groups, hasOwnScales: true }))
  t.same([second, third, fourth], [first / 2, first / 2, first])
})

import t from 'tap'
import { plausible } from '../../lib/arbiter/plausible.js'
import { Totals } from '../../lib/arbiter/totals.js'
import { expose } from '../../lib/control/metrics/exposition.js'
import { familiesOf } from '../../lib/control/metrics/table.js'
import type { Figures } from '../../lib/worker/protocol.js'
import { FIGURES, snapshotWith } from '../helpers/snapshot.js'

const AGE = 10_000
/** What foreign code may send in place of a number, a list or an object. */
const LIES = [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e300, '5', '', null, true, {}, [], [[]], [null], [[1, -1]]]

const TRUE: Figures = { ...FIGURES, oldest: 10 }

type Path = readonly string[]

/** The way to each value within a value, itself included. */
function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))]
}

/** A copy in which one value is another one. */
function withLie(value: unknown, [key, ...rest]: Path, lie: unknown): unknown {
  if (key === undefined) return lie
  const copy: unknown = structuredClone(value)
  if (typeof copy === 'object' && copy !== null) Reflect.set(copy, key, withLie(Reflect.get(copy, key), rest, lie))
  return copy
}

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : []
}

t.test('a worker that lies in one figure breaks no metric, and makes no counter fall', async t => {
  const wrong: string[] = []
  for (const path of pathsIn(TRUE)) {
    for (const lie of LIES) {
      const totals = new Totals()
      totals.add(undefined, plausible(TRUE, undefined, AGE))
      const told = withLie(TRUE, path, lie) as Figures
      const found = plausible(told ?? undefined, TRUE, AGE)
      totals.add(TRUE, found)
      const where = `${path.join('.')} = ${JSON.stringify(lie)}`
      if (!numbersIn(found).every(value => value >= 0 && value <= 1e18))
        wrong.push(`${where}: ${JSON.stringify(found)}`)
      const { requests, statuses, latency } = totals.counts
      if (requests < 100 || (statuses[0]?.[1] ?? 0) < 100 || latency.count < 100) wrong.push(`${where}: a counter fell`)
      const samples = familiesOf(snapshotWith(found, totals.counts)).flatMap(({ values }) => values)
      if (!samples.every(({ value }) => typeof value === 'number' && value >= 0)) wrong.push(`${where}: a sample`)
    }
  }
  t.same(wrong, [])
})

t.test('what is true stays as it is', async t => {
  const totals = new Totals()
  const found = plausible(TRUE, undefined, AGE)
  t.same(found, TRUE)
  totals.add(undefined, found)
  const { body } = await expose(familiesOf(snapshotWith(found, totals.counts)), 'prometheus')
  t.match(body, /\nunicorn_requests_total 100\n/)
  t.match(body, /\nunicorn_python_requests_running\{worker="0"\} 1\n/)
})

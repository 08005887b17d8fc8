import type { Distribution, Measure, Point } from './measures.js'

/**
 * Returns what has been counted since an earlier moment. What is no counter stays as it is.
 * @param before  the same metrics at that moment
 */
export function countedSince(before: readonly Measure[], now: readonly Measure[]): Measure[] {
  const past = new Map(before.flatMap(measure => measure.points.map(point => [keyOf(measure, point), point.value])))
  return now.map(measure => {
    if (measure.kind !== 'counter' && measure.kind !== 'histogram') return measure
    const points = measure.points.map(point => ({
      ...point,
      value: growth(past.get(keyOf(measure, point)), point.value),
    }))
    return { ...measure, points }
  })
}

function keyOf({ name }: Measure, { attributes }: Point): string {
  return JSON.stringify([name, attributes])
}

function growth(before: Point['value'] | undefined, now: Point['value']): Point['value'] {
  if (typeof now === 'number') return now - (typeof before === 'number' ? before : 0)
  return typeof before === 'object' ? growthOf(before, now) : now
}

function growthOf(before: Distribution, { count, sum, bounds, counts }: Distribution): Distribution {
  return {
    count: count - before.count,
    sum: sum - before.sum,
    bounds,
    counts: counts.map((each, place) => each - (before.counts[place] ?? 0)),
  }
}

/** What many rounds of one figure come to. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

/**
 * The value below which the share `q` (0 to 1) of `values` lies, interpolated linearly between neighbours.
 * @throws RangeError where there are no values
 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const position = (sorted.length - 1) * q
  const below = sorted[Math.floor(position)]
  const above = sorted[Math.ceil(position)]
  if (below === undefined || above === undefined) throw new RangeError(`no quantile ${q} of ${values.length} values`)
  return below + (above - below) * (position - Math.floor(position))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: quantile(values, 0), max: quantile(values, 1) }
}

/**
 * Figures of one round stand side by side, so what disturbed the machine in a round disturbed both: their ratio is
 * steadier than the ratio of the medians.
 * @throws RangeError where the two do not have the same number of rounds
 */
export function pairwise(
  values: readonly number[],
  others: readonly number[],
  combine: (value: number, other: number) => number = (value, other) => value / other,
): number[] {
  if (values.length !== others.length) throw new RangeError(`${values.length} rounds against ${others.length}`)
  return values.map((value, round) => combine(value, others[round] ?? Number.NaN))
}

/** How uneven a distribution is: the largest share over the mean; 1 is perfectly even. */
export function unevenness(shares: readonly number[]): number {
  const total = shares.reduce((sum, share) => sum + share, 0)
  return (Math.max(...shares) * shares.length) / total
}

/** `list`, from another place each round, and backwards in every other: none always follows the same one. */
export function rotated<Item>(list: readonly Item[], round: number): Item[] {
  const start = round % list.length
  const turned = [...list.slice(start), ...list.slice(0, start)]
  return round % 2 === 0 ? turned : turned.toReversed()
}

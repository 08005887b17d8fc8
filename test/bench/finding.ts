import type { Finding } from './measure.js'
import type { Summary } from './statistics.js'
import type { Lane, Table } from './table.js'

export interface Target {
  readonly atLeast?: number
  readonly atMost?: number
}

/** How figures are written: digits behind the point, and the unit. */
export interface Unit {
  readonly digits: number
  readonly name: string
}

export function written({ median }: Summary, { digits, name }: Unit): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return `${median.toLocaleString('en-US', options)}${name && ` ${name}`}`
}

/** `1.02 (0.97 .. 1.08)` */
export function spread({ median, min, max }: Summary, digits = 2): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} .. ${max.toFixed(digits)})`
}

/** Whether the median is where the target wants it, and the target in words. */
export function judge({ median }: Summary, { atLeast, atMost }: Target, unit = 'x'): Pick<Finding, 'target' | 'met'> {
  if (atLeast !== undefined) return { target: `>= ${atLeast} ${unit}`, met: median >= atLeast }
  if (atMost !== undefined) return { target: `<= ${atMost} ${unit}`, met: median <= atMost }
  return {}
}

/** A contestant's median, without judgement. */
export function plain(what: string, table: Table, [contestant, unit]: readonly [Lane, Unit]): Finding {
  return { what: `${what}: ${contestant.name}`, figure: written(table.summary(contestant), unit) }
}

export interface Versus {
  readonly contestant: Lane
  readonly baseline: Lane
  readonly unit: Unit
  readonly target?: Target
}

/** A contestant's median and its ratio to the baseline's, judged if there is a target. */
export function versus(what: string, table: Table, { contestant, baseline, unit, target = {} }: Versus): Finding {
  const ratio = table.ratio(contestant, baseline)
  return {
    what: `${what}: ${contestant.name}`,
    figure: written(table.summary(contestant), unit),
    comparison: `${spread(ratio)} x ${baseline.name}`,
    ...judge(ratio, target),
  }
}

/** A contestant's median and how much more it takes than the baseline, judged if there is a target. */
export function over(what: string, table: Table, { contestant, baseline, unit, target = {} }: Versus): Finding {
  const difference = table.difference(contestant, baseline)
  return {
    what: `${what}: ${contestant.name}`,
    figure: written(table.summary(contestant), unit),
    comparison: `${spread(difference, unit.digits)} ${unit.name} over ${baseline.name}`,
    ...judge(difference, target, `${unit.name} more`),
  }
}

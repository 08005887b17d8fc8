import type { Snapshot } from '../../../config/hooks.js'
import type { Sample } from '../metrics/family.js'
import { METRICS } from '../metrics/table.js'

/** A metric as OpenTelemetry has it, as plain data for the thread that sends it. */
export interface Measure {
  readonly name: string
  readonly description: string
  /** In UCUM's notation; empty if things are counted. */
  readonly unit: string
  readonly kind: 'counter' | 'sum' | 'gauge' | 'histogram'
  readonly points: readonly Point[]
}

export interface Point {
  readonly attributes: Readonly<Record<string, string | number>>
  readonly value: number | Distribution
}

export interface Distribution {
  readonly count: number
  readonly sum: number
  /** The upper ends of all buckets but the last. */
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
}

const UNITS: Readonly<Record<string, string>> = { seconds: 's', bytes: 'By', ratio: '1' }
/** Prometheus has the unit in the name, and says of a counter that it is one; the parts of a server are namespaces. */
const NAME = /^unicorn_((?:worker|python|listener|arbiter)_)?(.+?)(?:_(seconds|bytes|ratio))?(?:_total)?$/

/**
 * The metrics of the table, by the names of OpenTelemetry's semantic conventions where these have them. The others are
 * such that OpenTelemetry's translation to Prometheus makes the names of `/metrics` of them.
 */
export function measuresOf(snapshot: Snapshot): Measure[] {
  return Object.entries(METRICS).flatMap(([name, { type, help: description, convention, read }]) => {
    const points = type === 'histogram' ? [distribution(read(snapshot))] : read(snapshot).map(pointOf)
    if (points.length === 0) return []
    const [, part = '', rest = '', suffix = ''] = NAME.exec(name) ?? []
    const { name: common, unit = UNITS[suffix] ?? '', isSum } = convention ?? {}
    const kind = type === 'counter' || type === 'histogram' ? type : isSum ? 'sum' : 'gauge'
    return [{ name: common ?? `unicorn.${part.replace('_', '.')}${rest}`, description, unit, kind, points }]
  })
}

function pointOf({ labels, value }: Sample): Point {
  return { attributes: labels, value }
}

/** Prometheus' buckets have all that is below their end; OpenTelemetry's have their own alone. */
function distribution(samples: readonly Sample[]): Point {
  const buckets = samples.filter(({ labels }) => labels.le !== undefined)
  const counts = buckets.map(({ value }, place) => value - (buckets[place - 1]?.value ?? 0))
  const bounds = buckets.slice(0, -1).map(({ labels }) => Number(labels.le))
  const [sum = 0, count = 0] = samples.filter(({ labels }) => labels.le === undefined).map(({ value }) => value)
  return { attributes: {}, value: { count, sum, bounds, counts } }
}

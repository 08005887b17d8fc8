import type { HrTime } from '@opentelemetry/api'
import type { DataPoint, Histogram, MetricData } from '@opentelemetry/sdk-metrics'
import type { Measure, Point } from './measures.js'
import type { Packages } from './packages.js'

/** A time since the epoch, in milliseconds. */
type Time = number

interface Span {
  readonly start: Time
  readonly end: Time
}

/**
 * Puts a metric into the form in which the SDK collects its own.
 * @param isDelta  what is counted is counted since the last time
 */
export function metricData({ sdk, api }: Packages, measure: Measure, span: Span, isDelta: boolean): MetricData {
  const { AggregationTemporality, DataPointType } = sdk
  const { name, description, unit, kind, points } = measure
  const isInteger = unit !== 's' && unit !== '1'
  const base = {
    descriptor: { name, description, unit, valueType: isInteger ? api.ValueType.INT : api.ValueType.DOUBLE },
    aggregationTemporality:
      isDelta && kind !== 'sum' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  }
  if (kind === 'histogram') {
    return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints: points.map(each => histogram(each, span)) }
  }
  const dataPoints = points.map(each => dataPoint(each, Number(each.value), span))
  if (kind === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE, dataPoints }
  return { ...base, dataPointType: DataPointType.SUM, dataPoints, isMonotonic: kind === 'counter' }
}

function histogram(point: Point, span: Span): DataPoint<Histogram> {
  if (typeof point.value === 'number') throw new Error('a histogram has one number')
  const { count, sum, bounds, counts } = point.value
  return dataPoint(point, { buckets: { boundaries: [...bounds], counts: [...counts] }, count, sum }, span)
}

/** Its times twice: releases of the SDK differ in which they read. */
function dataPoint<Value>({ attributes }: Point, value: Value, { start, end }: Span): DataPoint<Value> {
  const point = {
    attributes,
    value,
    startTime: hrTime(start),
    startTimeUnixNano: nanoseconds(start),
    endTime: hrTime(end),
    endTimeUnixNano: nanoseconds(end),
  }
  return point
}

function hrTime(time: Time): HrTime {
  return [Math.floor(time / 1000), (time % 1000) * 1e6]
}

function nanoseconds(time: Time): bigint {
  return BigInt(time) * 1_000_000n
}

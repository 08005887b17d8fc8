/** Metrics of one name, which Prometheus calls a family, in the shape in which prom-client gives and takes them. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: MetricType
  readonly values: readonly Sample[]
  /** How those of several workers become one: `sum`, `max`, `first` ... */
  readonly aggregator: string
}

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary'

export interface Sample {
  readonly value: number
  readonly labels: Readonly<Record<string, string | number>>
  /** If it is not that of the family: `..._bucket`. */
  readonly metricName?: string
}

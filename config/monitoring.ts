import type { Config } from './settings.js'

type Monitored = Pick<Config, 'metricsBind' | 'statsdHost' | 'otlpMetrics' | 'controlSocket'>

/** Whether something shows how a server does: only then its workers measure themselves. */
export function isMonitored({ metricsBind, statsdHost, otlpMetrics, controlSocket }: Monitored): boolean {
  return otlpMetrics || [metricsBind, statsdHost, controlSocket].some(setting => setting !== undefined)
}

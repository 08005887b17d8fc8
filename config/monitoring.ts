import type { Config } from './settings.js'

type Monitored = Pick<Config, 'metricsBind' | 'statsdHost' | 'controlSocket'>

/** Whether something shows how a server does: only then its workers measure themselves. */
export function isMonitored({ metricsBind, statsdHost, controlSocket }: Monitored): boolean {
  return [metricsBind, statsdHost, controlSocket].some(setting => setting !== undefined)
}

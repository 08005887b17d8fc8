import type { Config } from './settings.js'

type Monitored = Pick<Config, 'metricsBind' | 'statsdHost'>

/** Whether something shows how a server does, so that its workers measure themselves. */
export function isMonitored({ metricsBind, statsdHost }: Monitored): boolean {
  return metricsBind !== undefined || statsdHost !== undefined
}

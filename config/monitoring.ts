import type { Config } from './settings.js'

type Monitored = Pick<Config, 'metricsBind'>

/** Whether something shows how a server does, so that its workers measure themselves. */
export function isMonitored({ metricsBind }: Monitored): boolean {
  return metricsBind !== undefined
}

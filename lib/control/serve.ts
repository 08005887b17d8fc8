import type { Config } from '../../config/settings.js'
import type { ControlledServer } from '../arbiter/control.js'
import { dashboardRoutes } from './dashboard/dashboard.js'
import type { DoorName } from './doors.js'
import { healthRoutes } from './health.js'
import { metricsRoutes } from './metrics/page.js'
import { strangerAt } from './peer.js'
import type { Routes } from './routes.js'
import { ControlServer, type ControlServerOptions } from './server.js'
import { Statsd } from './statsd.js'
import { steeringRoutes } from './steering.js'

/** What is behind each way in. */
const BEHIND: Readonly<Record<DoorName, Pick<ControlServerOptions, 'refusal'> & Behind>> = {
  metricsBind: {
    routes: (server, signal) => ({
      ...dashboardRoutes(server, signal),
      ...metricsRoutes(server),
      ...healthRoutes(server),
    }),
  },
  controlSocket: { routes: steeringRoutes, refusal: strangerAt },
}

interface Behind {
  /** @param signal  aborted when nothing of it is served any more */
  readonly routes: (server: ControlledServer, signal: AbortSignal) => Routes
}

/** Sends figures from now on, as the settings say. @returns what ends that; undefined if they want none */
export function sendFigures(server: ControlledServer, config: Config): { close(): void } | undefined {
  return config.statsdHost === undefined ? undefined : new Statsd(server, config)
}

/**
 * Makes the server behind a way in. The entry of a bundle of its own: nothing of this is loaded before a configuration
 * wants it.
 */
export function serve(door: DoorName, server: ControlledServer): ControlServer {
  const { routes, ...options } = BEHIND[door]
  const end = new AbortController()
  const onClose = (): void => end.abort()
  return new ControlServer({ ...options, log: server.log, routes: routes(server, end.signal), onClose })
}

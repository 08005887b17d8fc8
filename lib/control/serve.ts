import type { Resolved } from '../../config/resolve.js'
import type { ControlledServer } from '../arbiter/control.js'
import { dashboardRoutes } from './dashboard/dashboard.js'
import type { DoorName } from './doors.js'
import { healthRoutes } from './health.js'
import { metricsRoutes } from './metrics/page.js'
import { Otlp } from './otlp/otlp.js'
import { strangerAt } from './peer.js'
import type { Routes } from './routes.js'
import type { SenderName } from './senders.js'
import type { Sending } from './sending.js'
import { ControlServer, type ControlServerOptions } from './server.js'
import { Statsd } from './statsd.js'
import { steeringRoutes } from './steering.js'

/** What is behind each way in. */
const BEHIND: Readonly<Record<DoorName, Pick<ControlServerOptions, 'refusal'> & Behind>> = {
  metricsBind: {
    routes: (server, signal) => ({
      ...dashboardRoutes(server, signal),
      ...metricsRoutes(server, signal),
      ...healthRoutes(server),
    }),
  },
  controlSocket: { routes: steeringRoutes, refusal: strangerAt },
}

interface Behind {
  /** @param signal  aborted when nothing of it is served any more */
  readonly routes: (server: ControlledServer, signal: AbortSignal) => Routes
}

type Start = (server: ControlledServer, resolved: Resolved, before: Sending | undefined) => Sending

/** What sends figures. */
const SENDINGS: Readonly<Record<SenderName, Start>> = {
  statsd: (server, { config }, before) => new Statsd(server, config, before instanceof Statsd ? before : undefined),
  otlp: (server, resolved, before) => new Otlp(server, resolved, before instanceof Otlp ? before : undefined),
}

/** Sends figures from now on, as a configuration wants it. @param before  did so until it was closed */
export function send(name: SenderName, ...how: Parameters<Start>): Sending {
  return SENDINGS[name](...how)
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

import { fileURLToPath } from 'node:url'
import { unicornBin } from '../helpers/root.js'
import type { Lane } from './table.js'

/** The compiled applications, which export `handler`, `application`, or both. */
export const appsDirectory = fileURLToPath(new URL('apps/', import.meta.url))

export type App = 'hello' | 'pid' | 'block' | 'hono' | 'express' | 'fastify'

export interface Contestant extends Lane {
  /** The command that serves `app` with so many workers on some port of the loopback interface. */
  command(app: App, workers: number): string[]
}

function ours(workerClass: 'async' | 'sync', gateway: 'node' | 'wsgi' | 'fetch'): Contestant {
  const exported = gateway === 'node' ? 'handler' : 'application'
  return {
    name: `${workerClass} ${gateway}`,
    ours: true,
    command: (app, workers) => [
      ...[process.execPath, unicornBin, '--worker-class', workerClass, '--interface', gateway],
      ...['--workers', String(workers), '--bind', '127.0.0.1:0', `${app}.js:${exported}`],
    ],
  }
}

function withoutWatchdog({ name, ours, command }: Contestant): Contestant {
  return { name: `${name}, no watchdog`, ours, command: (app, workers) => [...command(app, workers), '--no-watchdog'] }
}

function bare(policy: 'none' | 'rr'): Contestant {
  return {
    name: `SCHED_${policy.toUpperCase()}`,
    ours: false,
    command: (app, workers) => [process.execPath, `${appsDirectory}bare.js`, policy, app, String(workers)],
  }
}

/** Another library that calls a fetch application, under the same bare servers. */
function fetchLibrary(name: string, suffix: string): Contestant {
  return {
    name,
    ours: false,
    command: (app, workers) => [
      process.execPath,
      `${appsDirectory}bare.js`,
      'none',
      `${app}-${suffix}`,
      String(workers),
    ],
  }
}

export const asyncNode = ours('async', 'node')
export const asyncWsgi = ours('async', 'wsgi')
export const asyncFetch = ours('async', 'fetch')
export const asyncNodeAlone = withoutWatchdog(asyncNode)
export const asyncWsgiAlone = withoutWatchdog(asyncWsgi)
export const syncNode = ours('sync', 'node')
export const syncWsgi = ours('sync', 'wsgi')
/** Bare node:http; workers accept from a shared handle. */
export const schedNone = bare('none')
/** Bare node:http; the primary accepts and hands over: the default of node:cluster. */
export const schedRr = bare('rr')
export const honoNodeServer = fetchLibrary('@hono/node-server', 'node-server')
export const srvx = fetchLibrary('srvx', 'srvx')
/** PM2's cluster mode: its daemon accepts and hands over. */
export const pm2: Contestant = {
  name: 'PM2',
  ours: false,
  command: (app, workers) => [process.execPath, `${appsDirectory}pm2.js`, app, String(workers)],
}

import { fileURLToPath } from 'node:url'
import { unicornBin } from '../helpers/root.js'
import type { Lane } from './table.js'

/** The compiled applications, which export `handler`, `application`, or both. */
export const appsDirectory = fileURLToPath(new URL('apps/', import.meta.url))

export type App = 'hello' | 'body' | 'upload' | 'slow' | 'pid' | 'block' | 'spin' | 'hono' | 'express' | 'fastify'

export interface Contestant extends Lane {
  /** It speaks TLS. */
  readonly isSecure?: boolean
  /** The command that serves `app` with so many workers on this port of the loopback interface, or on some port. */
  command(app: App, workers: number, port?: number): string[]
}

/** What a module exports for each interface. */
const EXPORTS = { node: 'handler', wsgi: 'application', fetch: 'respond' } as const
export type Gateway = keyof typeof EXPORTS

/** @param more  options of the command */
export function ours(name: string, gateway: Gateway, ...more: readonly string[]): Contestant {
  return {
    name,
    ours: true,
    command: (app, workers, port = 0) => [
      ...[process.execPath, unicornBin, '--interface', gateway, ...more],
      ...['--workers', String(workers), '--bind', `127.0.0.1:${port}`, `${appsDirectory}${app}.js:${EXPORTS[gateway]}`],
    ],
  }
}

function ofClass(workerClass: 'async' | 'sync', gateway: Gateway): Contestant {
  return ours(`${workerClass} ${gateway}`, gateway, '--worker-class', workerClass)
}

function withoutWatchdog({ name, ours, command }: Contestant): Contestant {
  return { name: `${name}, no watchdog`, ours, command: (app, workers) => [...command(app, workers), '--no-watchdog'] }
}

function bare(policy: 'none' | 'rr'): Contestant {
  return bareWith(policy, { name: `SCHED_${policy.toUpperCase()}`, module: app => app })
}

/**
 * @param module  that bare servers load in place of an application
 * @param more  words of the command behind the port
 */
export function bareWith(
  policy: 'none' | 'rr',
  { name, module, more = [] }: { name: string; module: (app: App) => string; more?: readonly string[] },
): Contestant {
  return {
    name,
    ours: false,
    command: (app, workers, port = 0) => [
      ...[process.execPath, `${appsDirectory}bare.js`, policy, module(app), String(workers), String(port), ...more],
    ],
  }
}

/** Another library that calls a fetch application, under the same bare servers. */
function fetchLibrary(name: string, suffix: string): Contestant {
  return bareWith('none', { name, module: app => `${app}-${suffix}` })
}

export const asyncNode = ofClass('async', 'node')
export const asyncWsgi = ofClass('async', 'wsgi')
export const asyncFetch = ofClass('async', 'fetch')
export const asyncNodeAlone = withoutWatchdog(asyncNode)
export const asyncWsgiAlone = withoutWatchdog(asyncWsgi)
export const syncNode = ofClass('sync', 'node')
export const syncWsgi = ofClass('sync', 'wsgi')
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
  command: (app, workers, port = 0) => [
    ...[process.execPath, `${appsDirectory}pm2.js`, app, String(workers), String(port)],
  ],
}

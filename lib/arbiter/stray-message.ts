import type { ChildProcess } from 'node:child_process'
import cluster from 'node:cluster'

/** Means something with `--wait-ready`, in the worker, and does no harm without. */
export const PM2_READY = 'ready'

export const STRAY_MESSAGE =
  'The application has sent a message by process.send that nothing takes: a library that talks to the primary of a cluster, such as log4js, needs a hook for that, or another setting: docs/guide.md'

/** Properties by which libraries tell messages apart. */
const NAMES = ['type', 'topic', 'channel', 'cmd', 'event', 'action']
const LONGEST = 80

/** Whether the config file's code listens for the messages of a worker, as that of a cluster's primary does. */
export function isHeard(child: ChildProcess): boolean {
  const worker = Object.values(cluster.workers ?? {}).find(each => each?.process === child)
  // Node itself has one listener, which passes the message on to `cluster`.
  return cluster.listenerCount('message') > 0 || (worker?.listenerCount('message') ?? 0) > 1
}

/** What a message is, without its data, which may be a secret. */
export function outlineOf(message: unknown): string {
  if (typeof message !== 'object' || message === null) return typeof message
  const entries = Object.entries(message)
  const named = entries.map(([key, value]) => (NAMES.includes(key) ? `${key}: ${JSON.stringify(value)}` : key))
  return `{ ${named.join(', ')} }`.slice(0, LONGEST)
}

import { createRequire } from 'node:module'
import { sharedClasses, type WorkerClasses } from './worker/shared-classes.js'

/** What `import ... from 'unicorn/worker'` gives: the classes that a worker class of your own extends, and the types of what they are given. */
const classes = sharedClasses() ?? loadClasses()

export const Worker = classes.Worker
export const AsyncWorker = classes.AsyncWorker
export const SyncWorker = classes.SyncWorker
export type Worker = InstanceType<typeof classes.Worker>
export type AsyncWorker = InstanceType<typeof classes.AsyncWorker>
export type SyncWorker = InstanceType<typeof classes.SyncWorker>

export type { Exchange } from './http/exchange.js'
export type { ClientSocket } from './http/node/client-socket.js'
export type { HttpEngine } from './http/node/node-engine.js'
export type { Takeover } from './http/node/stand-in.js'
export type { HttpPolicy } from './http/policy.js'
export type { Gate } from './listeners/gate.js'
export type { WorkerParts } from './worker/worker.js'

/** Outside of a worker, as where a test of the user's imports its class. Not imported: a worker has them already, and would load all twice. */
function loadClasses(): WorkerClasses {
  return createRequire(import.meta.url)('./worker/classes.js')
}

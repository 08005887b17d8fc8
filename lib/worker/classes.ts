/** The classes that a user's worker class may extend. */
export { AsyncWorker } from './async.js'
export { SyncWorker } from './sync.js'
export { Worker } from './worker.js'

/** The classes that a user's worker class may extend. */
export { AsyncWorker } from './admission/async.js'
export { SyncWorker } from './admission/sync.js'
export { Worker } from './worker.js'

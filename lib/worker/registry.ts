import type { Config } from '../../config/settings.js'
import type { Worker, WorkerParts } from './worker.js'

type WorkerClass = new (parts: WorkerParts) => Worker

/** The worker classes by their name in the settings; only the one in use is loaded. */
const classes: Record<Config['workerClass'], () => Promise<WorkerClass>> = {
  async: async () => (await import('./async.js')).AsyncWorker,
  sync: async () => (await import('./sync.js')).SyncWorker,
}

export function workerClass(name: Config['workerClass']): Promise<WorkerClass> {
  return classes[name]()
}

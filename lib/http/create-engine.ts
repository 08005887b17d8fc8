import type { CreateEngine } from './engine.js'
import { NodeEngine } from './node/node-engine.js'

/** Makes the engine of a worker. The one place that knows which engines there are. */
export const createEngine: CreateEngine = (policy, events) => new NodeEngine(policy, events)

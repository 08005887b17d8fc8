import type { Measure } from '../measure.js'
import { connections } from './connections.js'
import { fetchInterface } from './fetch.js'
import { express, fastify } from './framework.js'
import { keepAlive } from './keep-alive.js'
import { memory } from './memory.js'
import { mixedLoad } from './mixed-load.js'
import { pm2 } from './pm2.js'
import { spread } from './spread.js'
import { start } from './start.js'

/** In the order in which they run and are reported. */
export const measures: readonly Measure[] = [
  keepAlive,
  express,
  fastify,
  fetchInterface,
  connections,
  pm2,
  spread,
  mixedLoad,
  memory,
  start,
]

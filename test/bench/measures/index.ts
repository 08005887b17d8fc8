import type { Measure } from '../measure.js'
import type { Peers } from '../peers/peers.js'
import { racesOf } from '../peers/races.js'
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
export function measuresOf(peers: Peers): Measure[] {
  const races = racesOf(peers)
  return [keepAlive, ...races, express, fastify, fetchInterface, connections, pm2, spread, mixedLoad, memory, start]
}

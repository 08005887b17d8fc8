import type { Measure } from '../measure.js'
import { connections } from './connections.js'
import { fetchInterface } from './fetch.js'
import { keepAlive } from './keep-alive.js'
import { memory } from './memory.js'
import { mixedLoad } from './mixed-load.js'
import { spread } from './spread.js'
import { start } from './start.js'

/** In the order in which they run and are reported. */
export const measures: readonly Measure[] = [keepAlive, fetchInterface, connections, spread, mixedLoad, memory, start]

import type { Measure } from '../measure.js'
import { idle } from '../peers/idle.js'
import type { Peers } from '../peers/peers.js'
import { racesOf } from '../peers/races.js'
import { slow } from '../peers/slow.js'
import { connections } from './connections.js'
import { fetchInterface } from './fetch.js'
import { express, fastify } from './framework.js'
import { http2 } from './http2.js'
import { keepAlive } from './keep-alive.js'
import { memory } from './memory.js'
import { mixedLoad } from './mixed-load.js'
import { observed } from './observed.js'
import { pm2 } from './pm2.js'
import { proxies } from './proxies.js'
import { skew } from './skew.js'
import { spread } from './spread.js'
import { stack } from './stack.js'
import { start } from './start.js'
import { staticFiles } from './static-files.js'
import { tls } from './tls.js'

/** In the order in which they run and are reported. */
export function measuresOf(peers: Peers): Measure[] {
  return [
    ...racesOf(peers),
    idle(peers),
    slow(peers),
    ...proxies,
    ...[
      keepAlive,
      express,
      fastify,
      fetchInterface,
      staticFiles,
      connections,
      tls,
      http2,
      pm2,
      spread,
      skew,
      mixedLoad,
      observed,
      stack,
      memory,
      start,
    ],
  ]
}

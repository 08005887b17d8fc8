import type { App } from '../contestants.js'
import type { Measure } from '../measure.js'
import { ALONE, WORKERS } from '../measures/units.js'
import { type Baseline, type Goal, type Race, raceOf } from '../race.js'
import * as contestants from './contestants.js'
import type { Peers } from './peers.js'

const { wsgiNative, wsgiNode, fetchNative, fetchNode, nodeNode, schedNone, schedRr, nginx, bun, bunClosing, uws } =
  contestants
const { honoNodeServer, srvx, fastify, pm2, watt, gunicorn, uwsgi, puma, rubyUnicorn } = contestants

/** Many, so that it does not decide the figure how a few connections happen to fall on two workers. */
const CONNECTIONS = 64
/** With Host, five that a browser or a proxy sends. */
export const USUAL = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language: en-US,en;q=0.5',
  'Accept-Encoding: gzip, deflate, br',
]
const ENGINES = [wsgiNative, wsgiNode, schedNone]

interface HttpRace extends Pick<Race<contestants.Contestant>, 'name' | 'title' | 'fresh' | 'weighs' | 'goals'> {
  /** What is asked for, for the page. */
  readonly about: string
  readonly lanes: readonly contestants.Contestant[]
  readonly app: App
  readonly script?: string
  readonly against: Baseline
  /** Two workers, and nothing pinned. */
  readonly isFree?: boolean
}

const plain = {
  app: 'hello',
  about: '"Hello, world!".',
  against: { name: 'SCHED_NONE', lanes: [schedNone] },
  goals: [],
} as const

/**
 * A target of so many times the baseline's speed: as a share of its CPU time, since the throughput of the quickest is
 * wrk's, and other work on the machine hardly counts.
 */
function faster(lane: contestants.Contestant, times: number): Goal {
  return { lane, figure: 'cpu', target: { atMost: Math.floor(100 / times) / 100 } }
}

const RACES: readonly HttpRace[] = [
  {
    ...plain,
    name: 'hello',
    title: 'Hello, one worker on a CPU of its own',
    lanes: [
      ...[wsgiNative, wsgiNode, fetchNative, nodeNode, schedNone, schedRr, nginx, bun, uws, fastify],
      ...[pm2, watt, gunicorn, uwsgi, puma, rubyUnicorn],
    ],
    weighs: true,
    goals: [faster(wsgiNative, 1.6), { lane: wsgiNative, figure: 'cpu', target: { atMost: 2 }, against: nginx }],
  },
  {
    ...plain,
    name: 'hello-free',
    title: `Hello, ${WORKERS} workers`,
    lanes: [
      ...[wsgiNative, wsgiNode, nodeNode, schedNone, schedRr, nginx, bun],
      ...[pm2, watt, gunicorn, uwsgi, puma, rubyUnicorn],
    ],
    isFree: true,
    weighs: true,
  },
  {
    ...plain,
    name: 'varied',
    title: 'Requests that differ',
    about: '"Hello, world!" to requests whose path and Cookie differ each time.',
    lanes: [...ENGINES, nginx, bun],
    script: 'varied.lua',
    goals: [faster(wsgiNative, 1.6)],
  },
  {
    ...plain,
    name: 'body',
    title: 'An answer of 16 KB',
    about: '16,384 bytes from memory.',
    app: 'body',
    lanes: [...ENGINES, bun],
    goals: [faster(wsgiNative, 1.4)],
  },
  {
    ...plain,
    name: 'post',
    title: 'A POST of 1 KB',
    about: 'a body of 1,024 bytes that the application reads whole.',
    app: 'upload',
    script: 'post.lua',
    lanes: [...ENGINES, bun],
    goals: [faster(wsgiNative, 1.5)],
  },
  {
    ...plain,
    name: 'fresh',
    title: 'A connection for each request, one worker on a CPU of its own',
    lanes: [...ENGINES, nginx, bunClosing],
    fresh: true,
    goals: [faster(wsgiNative, 1.4)],
  },
  {
    ...plain,
    name: 'hono',
    title: 'A Hono application, one worker on a CPU of its own',
    about: "`c.text('Hello, world!')`. @hono/node-server and srvx run in bare servers.",
    app: 'hono',
    lanes: [fetchNative, fetchNode, honoNodeServer, srvx, bun],
    against: { name: '@hono/node-server', lanes: [honoNodeServer] },
    goals: [faster(fetchNative, 1.5), { lane: fetchNative, figure: 'cpu', target: { atMost: 1.17 }, against: bun }],
  },
  {
    ...plain,
    name: 'pipelined',
    title: '16 requests pipelined',
    about: '"Hello, world!" to 16 requests at once, and then the next 16.',
    lanes: [...ENGINES, nginx, bun],
    script: 'pipelined.lua',
  },
]

/** In the order in which they run and are reported. */
export function racesOf(peers: Peers): Measure[] {
  return RACES.map(race => measureOf(peers, race))
}

function measureOf(peers: Peers, { about, app, lanes, script, isFree = false, ...race }: HttpRace): Measure {
  const workers = isFree ? WORKERS : ALONE
  const kind = race.fresh ? ', each with `Connection: close`' : ''
  const where = isFree ? `${workers} workers, nothing pinned` : 'one worker, pinned to a CPU, and wrk to another'
  return raceOf({
    ...race,
    method: `wrk, 1 thread, ${CONNECTIONS} connections${kind}, 5 usual header fields, ${where}: ${about}`,
    path: '/',
    connections: CONNECTIONS,
    fields: USUAL,
    isPinned: !isFree,
    warmUp: 20_000,
    lanes: () => peers.present(lanes),
    start: (bench, lane, cpus) => peers.start(bench, lane, { app, workers, cpus }),
    ...(script !== undefined && { script: () => peers.script(script) }),
  })
}

import type { Target } from '../finding.js'
import type { Measure } from '../measure.js'
import { WORKERS } from '../measures/units.js'
import { type Baseline, type Figure, type Race, raceOf } from '../race.js'
import * as contestants from './contestants.js'
import type { Field } from './field.js'
import { memory } from './memory.js'
import { mixedLoad } from './mixed-load.js'

const { unicorn, gunicornSync, gunicornThreads, uwsgiSocket, uwsgiRouter, granian } = contestants
const lanes = [unicorn, gunicornSync, gunicornThreads, uwsgiSocket, granian]
const alive = [unicorn, gunicornSync, gunicornThreads, uwsgiSocket, uwsgiRouter, granian]

const gunicorn: Baseline = { name: 'the better of Gunicorn', lanes: [gunicornSync, gunicornThreads] }
const sync: Baseline = { name: 'Gunicorn sync', lanes: [gunicornSync] }

/** Many, so that it does not decide the figure how a few connections happen to fall on two workers. */
const MANY = 64
/** Of those that carry 1 MB. */
const FEW = 8

interface PythonRace
  extends Pick<Race<contestants.Contestant>, 'name' | 'title' | 'path' | 'connections' | 'fresh' | 'against'> {
  /** What is asked for, for the page. */
  readonly about: string
  /** As `module:attribute`. */
  readonly app: string
  /** In the applications' directory; makes the requests. */
  readonly script?: string
  readonly lanes: readonly contestants.Contestant[]
  /** Of ours. */
  readonly targets: Readonly<Partial<Record<Figure, Target>>>
}

const plain = { app: 'plain:application', path: '/', connections: MANY, against: gunicorn, targets: {} } as const
const django = { ...plain, app: 'shelf.wsgi:application' } as const

const RACES: readonly PythonRace[] = [
  {
    ...plain,
    name: 'hello',
    title: 'Hello by WSGI',
    about: 'an application without a framework, "Hello, world!".',
    lanes: alive,
  },
  {
    ...django,
    name: 'django',
    title: 'Hello by Django',
    about: '"Hello, world!" by a view of Django, with the middleware of `django-admin startproject`.',
    lanes: alive,
    targets: { rate: { atLeast: 1.25 }, cpu: { atMost: 0.9 } },
  },
  {
    ...django,
    name: 'page',
    title: 'A page of Django with a template and SQLite',
    about: '30 rows by two queries, in a template that is made of two.',
    path: '/books/',
    lanes: alive,
  },
  {
    ...plain,
    name: 'connections',
    title: 'Hello by WSGI, a connection for each request',
    about: '"Hello, world!".',
    lanes,
    against: sync,
    fresh: true,
  },
  {
    ...django,
    name: 'django-connections',
    title: 'Hello by Django, a connection for each request',
    about: '"Hello, world!" by a view of Django.',
    lanes,
    against: sync,
    fresh: true,
    targets: { rate: { atLeast: 0.8 } },
  },
  {
    ...django,
    name: 'upload',
    title: '1 MB up, to Django',
    about: 'a body of 1,000,000 bytes, of which a view reads `request.body`.',
    path: '/upload/',
    script: 'post.lua',
    connections: FEW,
    lanes,
    targets: { cpu: { atMost: 0.7 } },
  },
  {
    ...plain,
    name: 'download',
    title: '1 MB down, from memory',
    about: 'an answer of 1,000,000 bytes, by WSGI.',
    path: '/large',
    connections: FEW,
    lanes,
    targets: { cpu: { atMost: 2 } },
  },
  {
    ...plain,
    name: 'asgi',
    title: 'Hello by ASGI',
    about: 'an application without a framework, "Hello, world!".',
    app: 'plain:asgi',
    lanes: [unicorn, contestants.uvicorn, contestants.granianAsgi],
    against: { name: 'Uvicorn', lanes: [contestants.uvicorn] },
  },
]

/** In the order in which they run and are reported. */
export function measuresOf(field: Field): Measure[] {
  return [...RACES.map(race => measureOf(field, race)), mixedLoad(field), memory(field)]
}

function measureOf(field: Field, { about, app, script, lanes, targets, ...race }: PythonRace): Measure {
  const kind = race.fresh ? 'each with `Connection: close`' : 'keep-alive'
  return raceOf({
    ...race,
    method: `wrk, 1 thread, ${race.connections} connections, ${kind}, ${WORKERS} processes: ${about}`,
    warmUp: 5000,
    lanes: () => field.present(lanes),
    start: (bench, lane) => field.start(bench, [lane, { app, processes: WORKERS }]),
    ...(script !== undefined && { script: () => `${field.directory}/${script}` }),
    goals: (['rate', 'cpu'] as const).flatMap(figure => {
      const target = targets[figure]
      return target === undefined ? [] : [{ lane: unicorn, figure, target }]
    }),
  })
}

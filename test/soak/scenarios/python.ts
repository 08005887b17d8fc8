import { handling, messages } from '../../helpers/messages.js'
import { python as interpreter } from '../../helpers/python.js'
import { Connection, RequestFailed } from '../connection.js'
import { fewestReady, PYTHONS } from '../ready-workers.js'
import { type Check, check, type Outcome, type Scale, type Scenario } from '../scenario.js'
import type { SoakServer } from '../soak-server.js'
import type { Failure } from '../steady-load.js'
import { rounds, type UnderLoad, underLoad } from '../under-load.js'

/** Takes up to 4 ms, so that something is in flight; /hang never returns. */
const WSGI = `import random
import time

def application(environ, start_response):
    time.sleep(600 if environ['PATH_INFO'] == '/hang' else random.random() / 250)
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '6')])
    return [b'soaked']
`
const ASGI = `import asyncio
import random

async def application(scope, receive, send):
    if scope['type'] != 'http':
        raise ValueError('only HTTP')
    await asyncio.sleep(random.random() / 250)
    headers = [(b'content-type', b'text/plain'), (b'content-length', b'6')]
    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
    await send({'type': 'http.response.body', 'body': b'soaked'})
`
/** So many Python processes are fed by one front. */
const FRONTS = 1
/** In seconds. No other request may take that long, on a busy machine too. */
const TIMEOUT = 3
const REQUESTS = 50
/** Requests in a second, where each 50 of them take a start of Python. */
const RATE = 160

/** How requests are run. */
interface Mode {
  readonly name: string
  readonly app: string
  readonly args: readonly string[]
  /** Requests that a process may have begun. */
  readonly atOnce: number
}

/** Imported by each process, or once; by several threads, or by a loop, which is never given so many at a time. */
const MODES = {
  plain: { name: '', app: WSGI, args: [], atOnce: 1 },
  preload: { name: '-preload', app: WSGI, args: ['--preload'], atOnce: 1 },
  threads: { name: '-threads', app: WSGI, args: ['--threads', '4'], atOnce: 4 },
  asgi: { name: '-asgi', app: ASGI, args: [], atOnce: 100 },
} satisfies Record<string, Mode>

interface Part {
  readonly name: string
  readonly args?: readonly string[]
  readonly expectErrors?: readonly RegExp[]
  readonly rate?: number
  /** @returns what was done, for people */
  act(under: UnderLoad, scale: Scale): Promise<string>
  conclude?(under: UnderLoad, scale: Scale, mode: Mode): Partial<Outcome>
}

const hup: Part = {
  name: 'hup',
  act: async ({ soaked }, scale) => {
    await rounds(scale.times, scale, () => soaked.signal('SIGHUP', messages.reloaded))
    return `${scale.times} reloads`
  },
}

const ttinTtou: Part = {
  name: 'ttin-ttou',
  act: async ({ soaked }, scale) => {
    await rounds(scale.times, scale, async () => {
      await soaked.signal('SIGTTIN', messages.pythonReady)
      await soaked.signal('SIGTTOU', handling('ttou'))
    })
    return `${scale.times} pairs`
  },
}

const usr2: Part = {
  name: 'usr2',
  act: async ({ soaked }, scale) => {
    await rounds(scale.upgrades, scale, () => soaked.upgrade(FRONTS))
    return `${scale.upgrades} upgrades`
  },
}

const maxRequests: Part = {
  name: 'max-requests',
  args: ['--max-requests', String(REQUESTS)],
  rate: RATE,
  act: async ({ soaked: { server }, load }, scale) => {
    await load.lasts(scale.seconds, scale.signal)
    await server.log(messages.pythonExited)
    return `${server.logged(messages.pythonExited).length} processes replaced after ${REQUESTS} requests`
  },
  conclude: ({ soaked: { server } }, { workers }) => {
    const fewest = fewestReady(server.lines, workers, PYTHONS)
    return { checks: [check(`never fewer than ${workers} ready processes`, fewest, fewest >= workers)] }
  },
}

const kills: Part = {
  name: 'kill-9',
  expectErrors: [messages.pythonExited],
  act: async ({ soaked: { server } }, scale) => {
    await rounds(scale.times, scale, async round => {
      const pids = server.pythons()
      const after = server.lines.at(-1)
      process.kill(pids[round % pids.length] ?? 0, 'SIGKILL')
      await server.log(messages.pythonExited, after && { after })
      await server.log(messages.pythonReady, after && { after })
    })
    return `${scale.times} kills`
  },
  conclude: ({ soaked, load }, { times }, { atOnce }) => {
    const begun = begunBy(soaked)
    const isLost = ({ kind, demand }: Failure): boolean => kind === 'status 502' && begun.has(demand.path)
    const lostWithWorker = load.failures.filter(isLost)
    return {
      failures: load.failures.filter(failure => !isLost(failure)),
      lostWithWorker,
      checks: [
        check(`at most ${atOnce} lost with each`, lostWithWorker.length, lostWithWorker.length <= atOnce * times),
      ],
    }
  },
}

const hangs: Part = {
  name: 'hang',
  args: ['--timeout', String(TIMEOUT)],
  expectErrors: [messages.pythonExited, messages.pythonHangs],
  act: async ({ soaked: { server } }, scale) => {
    const answers: string[] = []
    await rounds(scale.times, scale, async () => {
      const after = server.lines.at(-1)
      answers.push(await answerOf(new Connection(server.target).send({ path: '/hang' }, 'close')))
      await server.log(messages.pythonReady, after && { after })
    })
    const others = answers.filter(answer => answer !== 'status 504')
    if (others.length > 0) throw new Error(`a request that hangs got ${others.join(', ')}, wanted status 504`)
    return `${scale.times} processes hung, timeout ${TIMEOUT} s`
  },
  conclude: ({ soaked: { server } }) => ({ checks: [linesOfHangs(server.logged(messages.pythonHangs))] }),
}

/** Each hang is that of its request, and the log says where it is. */
function linesOfHangs(lines: readonly { readonly msg: string }[]): Check {
  const others = lines.filter(({ msg }) => !/GET \/hang runs for .* at app\.py:5 in application/.test(msg))
  return check('hangs without their line of Python', others.length, others.length === 0)
}

/** The paths that the log names as those of requests which a killed process had. */
function begunBy({ server }: SoakServer): Set<unknown> {
  const requests = server
    .logged(messages.pythonExited)
    .flatMap(line => (line.requests ?? []) as readonly { path: string }[])
  return new Set(requests.map(({ path }) => path))
}

async function answerOf(sent: Promise<void>): Promise<string> {
  try {
    await sent
    return 'status 200'
  } catch (error) {
    if (error instanceof RequestFailed) return error.kind
    throw error
  }
}

/** Each request has a path of its own, by which the log names it. */
function demands(number: number): { path: string } {
  return { path: `/${number}` }
}

/** What happens to the Python processes of a server. */
export function python(name: keyof typeof MODES): readonly Scenario[] {
  const mode: Mode = MODES[name]
  // The requests of a loop hang together.
  const parts = [hup, ttinTtou, usr2, maxRequests, kills, ...(mode.app === ASGI ? [] : [hangs])]
  return parts.map(part => ({
    name: `python-${part.name}${mode.name}`,
    run: asked => {
      const scale = { ...asked, rate: Math.min(asked.rate, part.rate ?? asked.rate) }
      const { args = [], expectErrors = [], act, conclude } = part
      return underLoad({
        scale,
        demands,
        options: {
          app: mode.app,
          appFile: 'app.py',
          fronts: FRONTS,
          args: ['--python', interpreter, '--restart-backoff', '10ms..50ms', ...mode.args, ...args],
          expectErrors,
        },
        act: under => act(under, scale),
        ...(conclude && { conclude: (under: UnderLoad) => conclude(under, scale, mode) }),
      })
    },
  }))
}

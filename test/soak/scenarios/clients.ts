import { setTimeout as pause } from 'node:timers/promises'
import { descriptorsOf, residentOf } from '../../helpers/process.js'
import { until } from '../../helpers/until.js'
import { APP } from '../clients/app.js'
import { BAD_CLIENT_ARGS } from '../clients/bad.js'
import { Crowd } from '../clients/crowd.js'
import { MemoryWatch } from '../clients/memory.js'
import { type Check, check, type Outcome, type Scale, type Scenario } from '../scenario.js'
import { SoakServer } from '../soak-server.js'

const WORKERS = 2
/** Parts of a soak: what warms up, and at each end what is compared. */
const WARM_UP = 0.1
const COMPARED = 0.1
/** How much larger a worker may be at the end; shorter soaks than this, in seconds, say nothing about it. */
const GROWTH = 1.05
const LONG_ENOUGH = 300
/** In which workers without clients give memory back, in milliseconds. */
const REST = 30_000
/** Ends that must come: each stands for a limit. */
const LIMITS = ['400', '408', '413', '431', 'cut'] as const
const MB = 2 ** 20

type HttpEngine = 'native' | 'node'

/** Good clients, whose answers are compared byte for byte, beside bad ones of all kinds. */
export function clients(engine: HttpEngine): Scenario {
  return {
    name: `clients-${engine}`,
    run: async scale => {
      const args = ['--http-engine', engine, ...BAD_CLIENT_ARGS]
      const soaked = await SoakServer.start({ workers: WORKERS, app: APP, args })
      try {
        return await soak(soaked, scale)
      } finally {
        await soaked.stop()
      }
    },
  }
}

async function soak({ server }: SoakServer, { clientSeconds, signal }: Scale): Promise<Outcome> {
  const workers = server.workers()
  const ready = server.lines.at(-1)
  const before = workers.map(countDescriptors)
  const memory = new MemoryWatch(workers)
  const crowd = new Crowd(server.target)
  try {
    await pause(clientSeconds * 1000, undefined, { signal })
  } finally {
    memory.stop()
    await crowd.stop()
  }
  const { requests, failures, slowest, badClients, ends, surprises } = crowd
  await until('no descriptor is left', () => workers.every((pid, i) => countDescriptors(pid) <= (before[i] ?? 0)))
  const left = await memoryLeft(memory, workers, clientSeconds)
  const lines = [...server.logged(({ level }) => level !== 'info', ready), ...server.stdout.lines]
  const died = workers.filter(pid => !server.workers().includes(pid)).length
  const idle = LIMITS.filter(status => !ends.has(status))
  const found = [...ends].sort().map(([end, count]) => `${end}: ${count}`)
  return {
    requests,
    failures,
    slowest,
    did: `${badClients} bad clients in ${clientSeconds} s (${found.join(', ')})`,
    checks: [
      check('workers died', died, died === 0),
      check('bad clients with another end', list(surprises), surprises.length === 0),
      check('limits that did not act', list(idle), idle.length === 0),
      check('lines in the log', list(lines.map(({ msg }) => msg)), lines.length === 0),
      ...growthOf(memory, clientSeconds),
      ...left,
    ],
  }
}

function growthOf(memory: MemoryWatch, seconds: number): Check[] {
  if (seconds < LONG_ENOUGH) return []
  const grown = memory.growth(Math.floor(seconds * WARM_UP), Math.floor(seconds * COMPARED))
  return grown.map(({ first, last }) => {
    const found = `${(first / MB).toFixed(1)} to ${(last / MB).toFixed(1)} MB`
    return check('RSS of a worker', found, last <= first * GROWTH)
  })
}

/** What the workers have when no client is left. */
async function memoryLeft(memory: MemoryWatch, workers: readonly number[], seconds: number): Promise<Check[]> {
  if (seconds < LONG_ENOUGH) return []
  await pause(REST)
  const firsts = memory.growth(0, Math.floor(seconds * COMPARED)).map(({ first }) => first)
  return workers.map((pid, i) => {
    const [first = Number.NaN, last] = [firsts[i], residentOf(pid)]
    const found = `${(first / MB).toFixed(1)} and then ${(last / MB).toFixed(1)} MB`
    return check('RSS of a worker in its first minute, and without clients', found, last <= first * GROWTH)
  })
}

const countDescriptors = (pid: number): number => descriptorsOf(pid).size

/** The number of them, and the first ones. */
function list(texts: readonly string[]): string {
  return [texts.length, ...new Set(texts.slice(0, 10))].join(' / ')
}

import { messages } from '../../helpers/messages.js'
import { descriptorsOf, residentOf } from '../../helpers/process.js'
import { until } from '../../helpers/until.js'
import { workersOf } from '../ready-workers.js'
import { check, type Outcome, type Scale, type Scenario } from '../scenario.js'
import { SoakServer } from '../soak-server.js'

/** What the arbiter may grow by, in bytes. */
const MEMORY = 5 * 2 ** 20

/** So many are waited for at once: a wait that lasts long has failed. */
const STEP = 50

/** Once the file `broken` is there, each worker dies as soon as it was ready. */
const APP = `import { existsSync } from 'node:fs'
if (existsSync('broken')) setTimeout(() => process.exit(1), 10)
export function application(_environ, startResponse) {
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return ['well']
}
`

/** Memory is compared after a garbage collection: what is garbage is no leak. Hooks run in the arbiter. */
const CONFIG = `import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
export default { onReload: () => collect() }
`

interface Footprint {
  readonly rss: number
  readonly descriptors: number
}

async function footprint(soaked: SoakServer, workers: number): Promise<Footprint> {
  await soaked.signal('SIGHUP', messages.reloaded)
  await until('the workers of before are gone', () => isCalm(soaked, workers))
  const { pid } = soaked.server
  return { rss: residentOf(pid), descriptors: descriptorsOf(pid).size }
}

async function crash(soaked: SoakServer, { workers, cycles, signal }: Scale): Promise<Outcome> {
  const { server } = soaked
  const before = await footprint(soaked, workers)
  const exited = server.logged(messages.exited).length
  soaked.write('broken', '')
  // The first of them are still healthy and do not die by themselves.
  for (const pid of server.workers()) process.kill(pid, 'SIGKILL')
  for (let crashes = 0; crashes < cycles; crashes += STEP) {
    signal.throwIfAborted()
    await server.log(messages.exited, { count: exited + Math.min(crashes + STEP, cycles) })
  }
  soaked.remove('broken')
  await until('all workers are well again', () => isCalm(soaked, workers))
  const after = await footprint(soaked, workers)
  const grown = after.rss - before.rss
  const leaked = after.descriptors - before.descriptors
  return {
    requests: 0,
    failures: [],
    slowest: 0,
    did: `${cycles} crashes and restarts`,
    checks: [
      check('arbiter grows by less than 5 MB', `${(grown / 2 ** 20).toFixed(1)} MB`, grown < MEMORY),
      check('descriptors as before', `${leaked >= 0 ? '+' : ''}${leaked}`, leaked === 0),
    ],
  }
}

function isCalm({ server }: SoakServer, workers: number): boolean {
  return workersOf(server.lines).ready.length === workers
}

/** Workers that die as soon as they are ready, with next to no pause between restarts. */
export const crashLoop: Scenario = {
  name: 'crash-loop',
  run: async scale => {
    const args = ['--restart-backoff', '1ms..1ms']
    const { workers } = scale
    const soaked = await SoakServer.start({
      workers,
      app: APP,
      config: CONFIG,
      args,
      expectErrors: [messages.ownExit, messages.exited],
    })
    try {
      return await crash(soaked, scale)
    } finally {
      await soaked.stop()
    }
  },
}

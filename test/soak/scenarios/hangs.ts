import { messages } from '../../helpers/messages.js'
import { Connection } from '../connection.js'
import { check, type Outcome, type Scale, type Scenario } from '../scenario.js'
import { SoakServer } from '../soak-server.js'
import { rounds } from '../under-load.js'

/** In seconds: the setting, and how much later a replacement must be ready. */
const TIMEOUT = 1
const LATER = 2

/** /hang blocks the event loop for ever. */
const APP = `export function application({ PATH_INFO }, startResponse) {
  if (PATH_INFO === '/hang') for (;;);
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return ['well']
}
`

/** @returns how long it took from the request that hangs until another worker was ready, in seconds */
async function hang({ server }: SoakServer): Promise<number> {
  const after = server.lines.at(-1)
  const begin = performance.now()
  const hung = new Connection(server.target).send({ path: '/hang' }, 'close').catch(() => {})
  await server.log(messages.ready, after && { after })
  const seconds = (performance.now() - begin) / 1000
  await hung
  return seconds
}

async function hangAgain(soaked: SoakServer, scale: Scale): Promise<Outcome> {
  const times = Math.max(1, Math.ceil(scale.times / 4))
  const took: number[] = []
  await rounds(times, scale, async () => took.push(await hang(soaked)))
  const longest = Math.max(...took)
  const what = `replacement ready within timeout + ${LATER} s`
  return {
    requests: 0,
    failures: [],
    slowest: 0,
    did: `${times} workers hung, timeout ${TIMEOUT} s`,
    checks: [check(what, `${longest.toFixed(1)} s`, longest <= TIMEOUT + LATER)],
  }
}

/** Workers whose event loop is blocked for ever. */
export const hangs: Scenario = {
  name: 'hang',
  run: async scale => {
    const options = { workers: 2, app: APP, args: ['--timeout', String(TIMEOUT)] }
    const soaked = await SoakServer.start({ ...options, expectErrors: [messages.timeoutOrHangs, messages.exited] })
    try {
      return await hangAgain(soaked, scale)
    } finally {
      await soaked.stop()
    }
  },
}

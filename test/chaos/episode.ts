import { descriptorsOf } from '../helpers/process.js'
import { type Loss, sortOut } from '../soak/losses.js'
import { type Check, check, type Scenario } from '../soak/scenario.js'
import type { SoakServer } from '../soak/soak-server.js'
import { underLoad } from '../soak/under-load.js'
import { APP, demandsOf, INTERFACES } from './app.js'
import { Random } from './random.js'
import { ACCESS_LOG, PIDFILE, type Step, TIMEOUT } from './steps.js'
import { calm, type World } from './world.js'

/** The longest pause between two steps, in milliseconds of load. */
const LONGEST_PAUSE = 500

/** Draws steps, so that each comes once before any comes again. */
export function plan(random: Random, from: readonly Step[], count: number): Step[] {
  const drawn: Step[] = []
  let left: Step[] = []
  while (drawn.length < count) {
    if (left.length === 0) left = [...from]
    drawn.push(...left.splice(random.below(left.length), 1))
  }
  return drawn
}

/** The life of one server under load, to which the seed decides what happens. */
export function episode(seed: number, from: readonly Step[], count: number): Scenario {
  return {
    name: `seed ${seed}`,
    run: async scale => {
      const random = new Random(seed)
      const chosen = plan(random, from, count)
      const losses: Loss[] = []
      const checks: Check[] = []
      const args = [
        ...['--timeout', `${TIMEOUT}s`, '--graceful-timeout', '20s', '--restart-backoff', '50ms..200ms'],
        ...['--pid', PIDFILE, '--access-logfile', ACCESS_LOG],
        ...['--reload-strategy', random.pick(['all', 'rolling'])],
      ]
      const spec = `app:${random.pick(INTERFACES)}`
      const expectErrors = [...new Set(chosen.flatMap(({ errors = [] }) => errors))]
      return underLoad({
        scale,
        options: { app: APP, spec, args, expectErrors },
        demands: demandsOf(seed),
        act: async ({ soaked, load }) => {
          const world: World = { soaked, random, workers: scale.workers, losses }
          const before = new Map<number, number>()
          const remember = (): unknown => before.set(soaked.arbiter, descriptorsOf(soaked.arbiter).size)
          remember()
          for (const [index, step] of chosen.entries()) {
            scale.signal.throwIfAborted()
            await doStep(world, step, `step ${index + 1} of ${chosen.map(({ name }) => name).join(', ')}`)
            if (!before.has(soaked.arbiter)) remember()
            await load.lasts(random.below(LONGEST_PAUSE) / 1000, scale.signal)
          }
          const leaked = descriptorsOf(soaked.arbiter).size - (before.get(soaked.arbiter) ?? 0)
          checks.push(check('descriptors that the arbiter has kept', leaked, leaked <= 0))
          return `${spec}, ${chosen.map(({ name }) => name).join(' ')}`
        },
        conclude: ({ soaked, load }) => {
          const surprises = surprisesIn(soaked, chosen)
          const shown = surprises.length === 0 ? 'none' : surprises.join(' / ')
          checks.push(check('lines that nothing explains', shown, surprises.length === 0))
          return { ...sortOut(load.failures, losses), checks }
        },
      })
    },
  }
}

async function doStep(world: World, step: Step, which: string): Promise<void> {
  try {
    await step.run(world)
    await calm(world)
  } catch (error) {
    throw new Error(`${which}, ${step.name}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

/** Lines that are none of the log: the application's, and Node's of a process that ends under its watchdog's eyes. */
const RAW = /^(?:hanging \d+|Waiting for the debugger to disconnect\.\.\.)$/

/** Warnings that no step announced, and what is no line of the log at all. Errors are judged by the server's end. */
function surprisesIn({ server }: SoakServer, chosen: readonly Step[]): string[] {
  const announced = chosen.flatMap(({ warnings = [] }) => warnings)
  const isSurprise = ({ level, msg }: { level?: string; msg: string }): boolean =>
    level === undefined ? !RAW.test(msg) : level === 'warn' && !announced.some(line => line.test(msg))
  return server.lines.filter(isSurprise).map(({ msg }) => msg)
}

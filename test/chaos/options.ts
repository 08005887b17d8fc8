import { Command, InvalidArgumentError, Option } from 'commander'
import { count } from '../soak/options.js'
import type { Scale, Scenario } from '../soak/scenario.js'
import { episode } from './episode.js'
import { Random } from './random.js'
import { type Step, steps } from './steps.js'

interface Parsed {
  readonly only?: readonly Step[]
  readonly seed: number
  readonly episodes: number
  readonly steps: number
  readonly workers: number
  readonly rate: number
}

/** Together about a quarter of an hour. */
const FULL = { episodes: 6, steps: 30, workers: 3, rate: 100 }
const QUIET_SECONDS = 3

/** Reads the command line; prints and exits by itself for `--help` and for a wrong option. */
export function readOptions(): { scenarios: Scenario[]; scale: Omit<Scale, 'signal'> } {
  const command = new Command('npm run chaos --')
    .description(
      'Has random things happen to servers under load, and counts requests, log lines, processes and descriptors.',
    )
    .addOption(
      new Option('--only <steps>', `some of: ${steps.map(({ name }) => name).join(', ')}`).argParser(parseSteps),
    )
    .addOption(count('--seed <n>', 'of the first episode', 1 + new Random(Date.now()).below(99_999)))
    .addOption(count('--episodes <n>', 'servers, each with the next seed', FULL.episodes))
    .addOption(count('--steps <n>', 'what happens to each server', FULL.steps))
    .addOption(count('--workers <n>', 'workers of each server', FULL.workers))
    .addOption(count('--rate <n>', 'requests in a second', FULL.rate))
    .parse()
  const { only = steps, seed, episodes, steps: each, workers, rate } = command.opts<Parsed>()
  const scenarios = Array.from({ length: episodes }, (_, index) => episode(seed + index, only, each))
  const unused = { seconds: 0, times: 0, upgrades: 0, cycles: 0, clientSeconds: 0 }
  return { scenarios, scale: { workers, rate, quietSeconds: QUIET_SECONDS, ...unused } }
}

function parseSteps(list: string): Step[] {
  return list.split(',').map(name => {
    const found = steps.find(step => step.name === name.trim())
    if (found) return found
    throw new InvalidArgumentError(`${name} is none of ${steps.map(({ name }) => name).join(', ')}`)
  })
}

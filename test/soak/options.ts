import { Command, InvalidArgumentError, Option } from 'commander'
import type { Scale, Scenario } from './scenario.js'
import { scenarios } from './scenarios/index.js'

export interface Options {
  readonly scenarios: readonly Scenario[]
  readonly scale: Omit<Scale, 'signal'>
}

interface Parsed {
  only?: Scenario[]
  workers: number
  rate: number
  seconds: number
  times: number
  upgrades: number
  cycles: number
  clientSeconds: number
}

/** What the targets were set for. */
const FULL = { workers: 4, rate: 500, seconds: 20, times: 20, upgrades: 5, cycles: 1000, clientSeconds: 600 }
const QUIET_SECONDS = 3

/** Reads the command line; prints and exits by itself for `--help` and for a wrong option. */
export function readOptions(): Options {
  const names = scenarios.map(({ name }) => name).join(', ')
  const command = new Command('npm run soak --')
    .description(
      'Has all that can happen to a server happen to one under a steady load, and counts the requests that fail.',
    )
    .addOption(new Option('--only <scenarios>', `some of: ${names}`).argParser(parseScenarios))
    .addOption(count('--workers <n>', 'workers of each server', FULL.workers))
    .addOption(count('--rate <n>', 'requests in a second', FULL.rate))
    .addOption(count('--seconds <n>', 'under load, where nothing else tells when it is enough', FULL.seconds))
    .addOption(count('--times <n>', 'reloads of each strategy, pairs of TTIN and TTOU, kills', FULL.times))
    .addOption(count('--upgrades <n>', 'upgrades by USR2', FULL.upgrades))
    .addOption(count('--cycles <n>', 'crashes and restarts', FULL.cycles))
    .addOption(count('--client-seconds <n>', 'for good and bad clients side by side', FULL.clientSeconds))
    .parse()
  const { only, ...scale } = command.opts<Parsed>()
  return { scenarios: only ?? scenarios, scale: { ...scale, quietSeconds: QUIET_SECONDS } }
}

/** An option that takes a whole number. */
export function count(flags: string, description: string, value: number): Option {
  return new Option(flags, description).argParser(parseCount).default(value)
}

function parseScenarios(list: string): Scenario[] {
  return list.split(',').map(name => {
    const found = scenarios.find(scenario => scenario.name === name.trim())
    if (found) return found
    throw new InvalidArgumentError(`${name} is none of ${scenarios.map(({ name }) => name).join(', ')}`)
  })
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('wanted: a number of 1 to 999999')
  return Number(text)
}

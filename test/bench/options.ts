import { Command, InvalidArgumentError, Option } from 'commander'
import type { Measure } from './measure.js'
import { measures } from './measures/index.js'

export interface Options {
  readonly measures: readonly Measure[]
  readonly rounds: number
  readonly seconds: number
  readonly write: boolean
  readonly strict: boolean
}

interface Parsed {
  only?: Measure[]
  rounds?: number
  seconds?: number
  quick?: boolean
  write?: boolean
  strict?: boolean
}

const FULL = { rounds: 7, seconds: 3 }
const QUICK = { rounds: 1, seconds: 1 }

/** Reads the command line; prints and exits by itself for `--help` and where an option is wrong. */
export function readOptions(): Options {
  const names = measures.map(({ name }) => name).join(', ')
  const command = new Command('npm run bench --')
    .description('Compares the server with bare node:http under node:cluster, and with PM2.')
    .addOption(new Option('--only <measures>', `some of: ${names}`).argParser(parseMeasures))
    .addOption(new Option('--rounds <n>', `rounds of each measure (default: ${FULL.rounds})`).argParser(parseCount))
    .addOption(new Option('--seconds <n>', `under load in each round (default: ${FULL.seconds})`).argParser(parseCount))
    .option('--quick', `a look: one round of ${QUICK.seconds} s, in about a minute`)
    .option('--write', 'write docs/benchmarks.md: the default, except with --quick and --only')
    .option('--no-write', 'write nothing')
    .option('--strict', 'exit with 1 if a target is not met')
    .parse()
  const { only, quick = false, write, strict = false, ...size } = command.opts<Parsed>()
  return {
    measures: only ?? measures,
    ...(quick ? QUICK : FULL),
    ...size,
    write: write ?? (!quick && only === undefined),
    strict,
  }
}

function parseMeasures(list: string): Measure[] {
  return list.split(',').map(name => {
    const found = measures.find(measure => measure.name === name.trim())
    if (!found) throw new InvalidArgumentError(`${name} is none of ${measures.map(({ name }) => name).join(', ')}`)
    return found
  })
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('wanted: a number of 1 to 9999')
  return Number(text)
}

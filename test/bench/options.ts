import { Command, InvalidArgumentError, Option } from 'commander'
import type { Measure } from './measure.js'

export interface Size {
  readonly rounds: number
  /** Under load, of each contestant in each round. */
  readonly seconds: number
}

/** What can be asked of a benchmark. */
export interface Choice {
  /** As a user types it. */
  readonly command: string
  readonly description: string
  readonly measures: readonly Measure[]
  readonly full: Size
  /** The page that it writes. */
  readonly page: { readonly name: string }
}

export interface Options extends Size {
  readonly measures: readonly Measure[]
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

const QUICK = { rounds: 1, seconds: 1 }

/** Reads the command line; prints and exits by itself for `--help` and where an option is wrong. */
export function readOptions({ command: words, description, measures, full, page }: Choice): Options {
  const names = measures.map(({ name }) => name).join(', ')
  const command = new Command(`${words} --`)
    .description(description)
    .addOption(
      new Option('--only <measures>', `some of: ${names}; or what their names begin with`).argParser(list =>
        parseMeasures(list, measures),
      ),
    )
    .addOption(new Option('--rounds <n>', `rounds of each measure (default: ${full.rounds})`).argParser(parseCount))
    .addOption(new Option('--seconds <n>', `under load in each round (default: ${full.seconds})`).argParser(parseCount))
    .option('--quick', `a look: one round of ${QUICK.seconds} s`)
    .option('--write', `write docs/${page.name}.md: the default, except with --quick and --only`)
    .option('--no-write', 'write nothing')
    .option('--strict', 'exit with 1 if a target is not met')
    .parse()
  const { only, quick = false, write, strict = false, ...size } = command.opts<Parsed>()
  return {
    measures: only ?? measures.filter(({ isOnDemand = false }) => !isOnDemand),
    ...(quick ? QUICK : full),
    ...size,
    write: write ?? (!quick && only === undefined),
    strict,
  }
}

/** Each is the name of a measure, or what several begin with: `proxy` is `proxy-headers` and `proxy-protocol`. */
function parseMeasures(list: string, measures: readonly Measure[]): Measure[] {
  return list.split(',').flatMap(text => {
    const wanted = text.trim()
    const exact = measures.filter(({ name }) => name === wanted)
    const found = exact.length > 0 ? exact : measures.filter(({ name }) => name.startsWith(`${wanted}-`))
    if (found.length > 0) return found
    throw new InvalidArgumentError(`${wanted} is none of ${measures.map(({ name }) => name).join(', ')}`)
  })
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('wanted: a number of 1 to 9999')
  return Number(text)
}

import { root } from '../helpers/root.js'
import { type Machine, machine } from './machine.js'
import type { Bench } from './measure.js'
import { type Choice, type Options, readOptions } from './options.js'
import { missed, type Page, type Result, terminalTable, writePage } from './report.js'
import { Servers } from './servers.js'
import { wrkVersion } from './wrk.js'

/** A set of measures with a page of its own. */
export interface Benchmark extends Choice {
  readonly page: Page
  /** Gets what the contestants need. @returns who they are, for the page */
  prepare?(bench: Pick<Bench, 'say' | 'signal'>): Promise<string>
}

/** Reads the command line, measures, and reports; then the exit code of the process is set. */
export async function runBenchmark(benchmark: Benchmark): Promise<void> {
  const options = readOptions(benchmark)
  const version = wrkVersion()
  if (version === undefined) {
    say('The benchmark needs wrk, which is not installed. Get it: apt-get install wrk, or brew install wrk.')
    process.exitCode = 1
  } else {
    process.exitCode = await main(benchmark, options, machine(version))
  }
}

/** @returns the exit code */
async function main(benchmark: Benchmark, options: Options, machine: Machine): Promise<number> {
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort())
  const { signal } = interruption
  const servers = new Servers(signal)
  const results: Result[] = []
  const failures: string[] = []
  const contestants = await prepared(benchmark, signal)
  if (contestants === undefined) return signal.aborted ? interrupted() : 1
  for (const measure of options.measures) {
    const bench: Bench = { ...options, servers, signal, say: text => say(`${measure.name}: ${text}`) }
    const lacking = measure.lacks?.()
    if (lacking !== undefined) {
      bench.say(`left out, since ${lacking} is missing`)
      continue
    }
    try {
      results.push({ measure, outcome: await measure.run(bench) })
    } catch (error) {
      await servers.stopAll()
      if (signal.aborted) return interrupted()
      failures.push(`${measure.name} failed: ${error instanceof Error ? error.stack : error}`)
    }
  }
  if (signal.aborted) return interrupted()
  return finish(benchmark, options, { machine, contestants, results, failures })
}

/** @returns undefined if the contestants cannot be had, which is then said */
async function prepared(benchmark: Benchmark, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await benchmark.prepare?.({ say, signal })) ?? ''
  } catch (error) {
    if (!signal.aborted) say(error instanceof Error ? error.message : String(error))
    return undefined
  }
}

interface End {
  readonly machine: Machine
  readonly contestants: string
  readonly results: readonly Result[]
  readonly failures: readonly string[]
}

function finish({ command, page }: Benchmark, { rounds, seconds, write, strict }: Options, end: End): number {
  const { results, failures, ...field } = end
  process.stdout.write(`${terminalTable(results)}\n`)
  for (const failure of failures) say(failure)
  if (failures.length > 0) return 1
  if (write) {
    writePage({ command, page, ...field, rounds, seconds, results }, `${root}docs/`)
    say(`Written: docs/${page.name}.md`)
  }
  const notMet = missed(results).length
  say(notMet === 0 ? 'Every target met.' : `Targets not met: ${notMet}.`)
  return strict && notMet > 0 ? 1 : 0
}

function interrupted(): number {
  say('Interrupted; every server is stopped.')
  return 130
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

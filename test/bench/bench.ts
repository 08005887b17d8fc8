import { root } from '../helpers/root.js'
import { type Machine, machine } from './machine.js'
import type { Bench } from './measure.js'
import { type Options, readOptions } from './options.js'
import { missed, type Result, terminalTable, writePage } from './report.js'
import { Servers } from './servers.js'
import { wrkVersion } from './wrk.js'

const options = readOptions()
const version = wrkVersion()
if (version === undefined) {
  say('The benchmark needs wrk, which is not installed. Get it: apt-get install wrk, or brew install wrk.')
  process.exitCode = 1
} else {
  process.exitCode = await main(options, machine(version))
}

/** @returns the exit code */
async function main(options: Options, machine: Machine): Promise<number> {
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort())
  const { signal } = interruption
  const servers = new Servers(signal)
  const results: Result[] = []
  const failures: string[] = []
  for (const measure of options.measures) {
    const bench: Bench = { ...options, servers, signal, say: text => say(`${measure.name}: ${text}`) }
    try {
      results.push({ measure, outcome: await measure.run(bench) })
    } catch (error) {
      await servers.stopAll()
      if (signal.aborted) return interrupted()
      failures.push(`${measure.name} failed: ${error instanceof Error ? error.stack : error}`)
    }
  }
  if (signal.aborted) return interrupted()
  return finish(options, { machine, results, failures })
}

interface End {
  readonly machine: Machine
  readonly results: readonly Result[]
  readonly failures: readonly string[]
}

function finish({ rounds, seconds, write, strict }: Options, { machine, results, failures }: End): number {
  process.stdout.write(`${terminalTable(results)}\n`)
  for (const failure of failures) say(failure)
  if (failures.length > 0) return 1
  if (write) {
    writePage({ machine, rounds, seconds, results }, `${root}docs/`)
    say('Written: docs/benchmarks.md')
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

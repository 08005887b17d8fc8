import { type Options, readOptions } from './options.js'
import { isMet, type Result, report } from './report.js'

process.exitCode = await main(readOptions())

/** @returns the exit code */
async function main({ scenarios, scale }: Options): Promise<number> {
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort())
  const { signal } = interruption
  const results: Result[] = []
  let broken = 0
  for (const scenario of scenarios) {
    if (signal.aborted) return 130
    process.stderr.write(`${scenario.name} ...\n`)
    try {
      results.push({ scenario, outcome: await scenario.run({ ...scale, signal }) })
    } catch (error) {
      broken++
      process.stderr.write(`${scenario.name} broke: ${error instanceof Error ? error.message : error}\n`)
    }
  }
  process.stdout.write(`${report(results)}\n`)
  const missed = results.filter(result => !isMet(result)).map(({ scenario }) => scenario.name)
  process.stderr.write(missed.length === 0 ? 'Every target met.\n' : `Targets missed: ${missed.join(', ')}\n`)
  return broken + missed.length === 0 ? 0 : 1
}

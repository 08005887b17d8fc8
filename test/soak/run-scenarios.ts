import { isMet, type Result, report } from './report.js'
import type { Scale, Scenario } from './scenario.js'

/**
 * Runs one scenario after the other, and prints what they found.
 * @returns the exit code
 */
export async function runScenarios(scenarios: readonly Scenario[], scale: Omit<Scale, 'signal'>): Promise<number> {
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort())
  const { signal } = interruption
  const results: Result[] = []
  const broken: string[] = []
  for (const scenario of scenarios) {
    if (signal.aborted) return 130
    process.stderr.write(`${scenario.name} ...\n`)
    try {
      results.push({ scenario, outcome: await scenario.run({ ...scale, signal }) })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      broken.push(`${scenario.name} (${message.split('\n', 1)})`)
      process.stderr.write(`${scenario.name} broke: ${message}\n`)
    }
  }
  process.stdout.write(`${report(results)}\n`)
  const missed = [...broken, ...results.filter(result => !isMet(result)).map(({ scenario }) => scenario.name)]
  process.stderr.write(missed.length === 0 ? 'Every target met.\n' : `Targets missed: ${missed.join(', ')}\n`)
  return missed.length === 0 ? 0 : 1
}

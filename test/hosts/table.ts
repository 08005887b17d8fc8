import type { Outcome } from './steps.js'

/** In Markdown, and below it what was lost, each kind once. */
export function table(outcomes: readonly Outcome[]): string {
  const head = [
    '| to each host in turn | times | requests | failed | lost with the host | sent to another host | slowest | out after | in after |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ]
  return [...head, ...outcomes.map(row), ...outcomes.flatMap(details)].join('\n')
}

function row({ step, times, requests, failures, lostWithHost, redispatched, slowest, down, up }: Outcome): string {
  const lost = step.losesHost ? lostWithHost.length : ''
  const cells = [step.name, times, requests, failures.length, lost, redispatched, `${Math.round(slowest)} ms`]
  return `| ${[...cells, range(down), range(up)].join(' | ')} |`
}

/** In seconds, from the least to the largest. */
function range(times: readonly number[]): string {
  if (times.length === 0) return ''
  const [least, largest] = [Math.min(...times), Math.max(...times)].map(time => (time / 1000).toFixed(1))
  return `${least} to ${largest} s`
}

function details({ step, failures, lostWithHost }: Outcome): string[] {
  const counts = new Map<string, number>()
  for (const { host, what } of failures) count(counts, `failed on ${host}, ${what}`)
  for (const { what } of lostWithHost) count(counts, `lost with the host, ${what}`)
  return [...counts].map(([what, number], i) => `${i === 0 ? '\n' : ''}${step.name}: ${number} ${what}`)
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}

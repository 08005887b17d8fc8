import type { Outcome, Scenario } from './scenario.js'
import type { Failure } from './steady-load.js'

export interface Result {
  readonly scenario: Scenario
  readonly outcome: Outcome
}

/** Failures that are named one by one; the rest is only counted. */
const SHOWN = 10

export function isMet({ outcome: { failures, checks = [] } }: Result): boolean {
  return failures.length === 0 && checks.every(({ isMet }) => isMet)
}

/** A table in Markdown, and below it what failed, when and how. */
export function report(results: readonly Result[]): string {
  const head = [
    '| scenario | what happened | requests | failed | slowest | also |',
    '| --- | --- | --- | --- | --- | --- |',
  ]
  return [...head, ...results.map(row), ...results.flatMap(details)].join('\n')
}

function row({ scenario, outcome }: Result): string {
  const { did, requests, failures, lostWithWorker, slowest, checks = [] } = outcome
  const also = checks.map(({ what, found, isMet }) => `${what}: ${found}${isMet ? '' : ' (MISSED)'}`)
  if (lostWithWorker) also.unshift(`lost with the process that had them: ${lostWithWorker.length}`)
  const ofLoad = requests === 0 ? ['', '', ''] : [requests, failures.length, `${Math.round(slowest)} ms`]
  return `| ${[scenario.name, did, ...ofLoad, also.join('; ')].join(' | ')} |`
}

function details({ scenario, outcome: { failures } }: Result): string[] {
  if (failures.length === 0) return []
  const rest = failures.length - SHOWN
  return [
    '',
    `${scenario.name}: ${countByKind(failures)}`,
    ...failures.slice(0, SHOWN).map(describe),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ]
}

function countByKind(failures: readonly Failure[]): string {
  const counts = new Map<string, number>()
  for (const { kind } of failures) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
}

function describe({ kind, at, demand: { path, body, slow }, reused, openedAt, failedAt }: Failure): string {
  const connection = reused ? 'kept' : 'fresh'
  const request = `${body === undefined ? 'GET' : 'POST'} ${path}${slow ? ` by a slow ${slow}` : ''}`
  const age = Math.round(failedAt - openedAt)
  return `  at ${(at / 1000).toFixed(2)} s: ${kind}, ${request}, on a ${connection} connection, opened ${age} ms before`
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { svg } from './chart.js'
import type { Machine } from './machine.js'
import type { Finding, Measure, Outcome } from './measure.js'

export interface Result {
  readonly measure: Measure
  readonly outcome: Outcome
}

/** What a page says beside its figures. */
export interface Page {
  /** Of the file, and of the directory of its charts. */
  readonly name: string
  readonly title: string
  /** Lines under "How to read this". */
  readonly reading: readonly string[]
  /** Lines under "Run it again". */
  readonly rerun: readonly string[]
}

export interface Run {
  /** That took the figures. */
  readonly command: string
  readonly page: Page
  /** Who took part, beyond what the measures say. */
  readonly contestants: string
  readonly machine: Machine
  readonly rounds: number
  readonly seconds: number
  readonly results: readonly Result[]
}

const HEAD = ['Measure', 'Figure', 'Ratio or difference (least .. most)', 'Target', 'Met'] as const

/** The findings as columns for a terminal. */
export function terminalTable(results: readonly Result[]): string {
  const rows = [HEAD, ...results.flatMap(({ outcome }) => outcome.findings.map(cells))]
  const widths = HEAD.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function missed(results: readonly Result[]): Finding[] {
  return results.flatMap(({ outcome }) => outcome.findings.filter(({ met }) => met === false))
}

/** Writes the page and its charts into the directory `docs`. */
export function writePage(run: Run, docs: string): void {
  const { name } = run.page
  mkdirSync(`${docs}${name}`, { recursive: true })
  for (const { measure, outcome } of run.results) {
    writeFileSync(`${docs}${name}/${measure.name}.svg`, svg(outcome.chart))
  }
  writeFileSync(`${docs}${name}.md`, textOf(run))
}

function textOf({ command, page, contestants, machine, rounds, seconds, results }: Run): string {
  return [
    `# ${page.title}`,
    '',
    `<!-- Written by \`${command}\`. Do not edit. -->`,
    '',
    `Taken on ${machine.date}: ${machine.processor}, ${machine.memory}, ${machine.system}, Node ${machine.node}, ` +
      `wrk ${machine.wrk}, load average ${machine.load.toFixed(1)} at the beginning. ${rounds} rounds, ${seconds} s under load each.`,
    ...(contestants === '' ? [] : ['', contestants]),
    '',
    '## How to read this',
    '',
    ...page.reading,
    '',
    ...verdict(results),
    ...results.flatMap(result => section(result, page.name)),
    '## Run it again',
    '',
    ...page.rerun,
    '',
  ].join('\n')
}

function verdict(results: readonly Result[]): string[] {
  const judged = results.flatMap(({ outcome }) => outcome.findings.filter(({ met }) => met !== undefined))
  const failed = missed(results)
  const sum = `${judged.length - failed.length} of ${judged.length} targets were met.`
  if (failed.length === 0) return [sum, '']
  return [
    `${sum} Not met:`,
    '',
    ...failed.map(({ what, comparison, figure, target }) => `- ${what}: ${comparison ?? figure}, target ${target}`),
    '',
  ]
}

function section({ measure, outcome }: Result, folder: string): string[] {
  return [
    `## ${measure.title}`,
    '',
    measure.method,
    '',
    `![${outcome.chart.title}](${folder}/${measure.name}.svg)`,
    '',
    `| ${HEAD.join(' | ')} |`,
    `| ${HEAD.map(() => '---').join(' | ')} |`,
    ...outcome.findings.map(finding => `| ${cells(finding).join(' | ')} |`),
    '',
  ]
}

function cells({ what, figure, comparison = '', target = '', met }: Finding): string[] {
  return [what, figure, comparison, target, met === undefined ? '' : met ? 'yes' : 'NO']
}

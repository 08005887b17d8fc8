import { mkdirSync, writeFileSync } from 'node:fs'
import { svg } from './chart.js'
import type { Machine } from './machine.js'
import type { Finding, Measure, Outcome } from './measure.js'

export interface Result {
  readonly measure: Measure
  readonly outcome: Outcome
}

export interface Run {
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

/** Writes `benchmarks.md` and its charts into the directory `docs`. */
export function writePage(run: Run, docs: string): void {
  mkdirSync(`${docs}benchmarks`, { recursive: true })
  for (const { measure, outcome } of run.results) {
    writeFileSync(`${docs}benchmarks/${measure.name}.svg`, svg(outcome.chart))
  }
  writeFileSync(`${docs}benchmarks.md`, page(run))
}

function page({ machine, rounds, seconds, results }: Run): string {
  return [
    '# Benchmarks',
    '',
    '<!-- Written by `npm run bench`. Do not edit. -->',
    '',
    `Taken on ${machine.date}: ${machine.processor}, ${machine.memory}, ${machine.system}, Node ${machine.node}, ` +
      `wrk ${machine.wrk}, load average ${machine.load.toFixed(1)} at the beginning. ${rounds} rounds, ${seconds} s under load each.`,
    '',
    ...READING,
    '',
    ...verdict(results),
    ...results.flatMap(section),
    ...RERUN,
    '',
  ].join('\n')
}

const READING = [
  '## How to read this',
  '',
  '`async` and `sync` are our worker classes, `node`, `wsgi` and `fetch` the interfaces by which the application is called. `SCHED_NONE` and',
  '`SCHED_RR` are bare `node:http` servers under `node:cluster`, with the same handler and as many workers: no limits, no checks, no',
  'gateway, no supervision. `PM2` runs in its cluster mode; `@hono/node-server` and `srvx` are libraries, run in bare servers.',
  '',
  'In each round the contestants take turns in an order that changes, and their figures are compared within the round. A figure',
  'is the median over the rounds. A ratio is the median of the ratios of all rounds, with the smallest and the largest beside it.',
  'If those two lie far apart, the machine was disturbed, and a few hundredths above or below a target say nothing.',
  '',
  'Clients and servers share the machine and talk over the loopback interface. The handler does next to nothing, so the figures',
  'show what the server itself costs, at its worst: a real application spends its time elsewhere, and the differences shrink',
  'accordingly. Read them as ratios. They say nothing about another machine, a network, TLS or a database.',
]

const RERUN = [
  '## Run it again',
  '',
  '`npm run bench` measures, and writes this page and its charts. It needs Linux, `wrk`, and npm, which installs PM2 into `.cache`',
  'the first time. `npm run bench -- --quick` runs one short round, in about a minute, and writes nothing. `--only keep-alive,spread`',
  'picks measures, `--rounds` and `--seconds` set their size, and `--strict` fails if a target is not met.',
]

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

function section({ measure, outcome }: Result): string[] {
  return [
    `## ${measure.title}`,
    '',
    measure.method,
    '',
    `![${outcome.chart.title}](benchmarks/${measure.name}.svg)`,
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

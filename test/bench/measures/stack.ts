import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { chartOf } from '../chart.js'
import { type Contestant, ours } from '../contestants.js'
import { judge, spread, written } from '../finding.js'
import type { Bench, Measure } from '../measure.js'
import type { Address } from '../raw-client.js'
import { Table } from '../table.js'
import { milliseconds } from './units.js'

/** How long a worker computes, in milliseconds. */
const LOOP = 1500
/** Of one server, in a round. The first look reads all scripts. */
const LOOKS = 3

export const stack: Measure = {
  name: 'stack',
  title: 'The stack of a worker in a loop',
  method:
    `A worker computes for ${LOOP} ms without a pause; \`GET /workers/0/stack\` at the control socket, from the request to its answer. ` +
    `${LOOKS} looks into each server, of which the first is the slowest.`,
  async run(bench) {
    const directory = mkdtempSync(join(tmpdir(), 'unicorn-bench-'))
    const socketPath = join(directory, 'control.sock')
    const lane = ours('async node', 'node', '--worker-class', 'async', '--control-socket', socketPath)
    const table = new Table()
    try {
      for (let round = 0; round < bench.rounds; round++) {
        bench.say(`round ${round + 1} of ${bench.rounds}`)
        await playRound(bench, { lane, socketPath, table })
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
    const summary = table.summary(lane)
    const finding = {
      what: 'stack of a busy worker',
      figure: written(summary, milliseconds),
      comparison: `${spread(summary, 0)} ms`,
      ...judge(summary, { atMost: 500 }, 'ms'),
    }
    return { findings: [finding], chart: chartOf('Milliseconds until the stack is there (less is better)', table) }
  },
}

interface Lookout {
  readonly lane: Contestant
  readonly socketPath: string
  readonly table: Table
}

function playRound({ servers, signal }: Bench, { lane, socketPath, table }: Lookout): Promise<void> {
  return servers.with([lane, 'spin', 1], async ({ host, port }) => {
    for (let look = 0; look < LOOKS; look++) {
      signal.throwIfAborted()
      const answer = answered({ host, port })
      table.add(lane, await timeToStack(socketPath))
      await answer
    }
  })
}

/** The request may not have reached the worker yet: looks until the loop is seen. @returns milliseconds of that look */
async function timeToStack(socketPath: string): Promise<number> {
  const limit = performance.now() + LOOP
  while (performance.now() < limit) {
    const begin = performance.now()
    const { stack = [] } = await found(socketPath)
    if (stack[0]?.startsWith('spin ')) return performance.now() - begin
    await sleep(10)
  }
  throw new Error('the loop was not seen')
}

function found(socketPath: string): Promise<{ readonly stack?: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const request = get({ socketPath, path: '/workers/0/stack', agent: false }, async response => {
      // What the control socket answers.
      resolve((await json(response)) as { readonly stack?: readonly string[] })
    })
    request.on('error', reject)
  })
}

function answered(address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ ...address, path: `/${LOOP}`, agent: false }, response => response.resume().on('end', resolve)).on(
      'error',
      reject,
    )
  })
}

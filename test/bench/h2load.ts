import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Load, Result } from './wrk.js'

/** Requests that a connection has under way at once: as many as a browser asks for a page. */
export const STREAMS = 10

/** Whether h2load of nghttp2 is installed. */
export function hasH2load(): boolean {
  return spawnSync('h2load', ['--version']).status === 0
}

/**
 * Runs h2load in one thread, `STREAMS` requests at once on each connection.
 * @throws Error where it fails, and where anything but 2xx was answered: such figures are worth nothing
 */
export async function h2load({ url, connections, seconds }: Load, signal: AbortSignal): Promise<Result> {
  const args = ['-t1', `-c${connections}`, `-m${STREAMS}`, `-D${seconds}s`, url]
  const child = spawn('h2load', args, { signal, stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  if (code !== 0) throw new Error(`h2load ${args.join(' ')} ended with ${code}`)
  return parseH2load(output)
}

/** @throws Error if the output holds no result, a request that has failed, or no answered one */
export function parseH2load(output: string): Result {
  const perSecond = /^finished in [^,]+, ([\d.]+) req\/s/m.exec(output)?.[1]
  const counts = /^requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/m.exec(output)
  if (perSecond === undefined || !counts) throw new Error(`h2load printed no result: ${output}`)
  const [requests = 0, ...failures] = counts.slice(1).map(Number)
  if (failures.some(count => count > 0)) throw new Error(`h2load: ${counts[0]}`)
  if (requests === 0) throw new Error('h2load: no request was answered')
  return { perSecond: Number(perSecond), requests }
}

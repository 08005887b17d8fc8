import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Address } from './raw-client.js'
import type { Result } from './wrk.js'

/** Connections, and the requests that each has under way at once. */
export const CONNECTIONS = 16
export const STREAMS = 10

/** Whether h2load of nghttp2 is installed. */
export function hasH2load(): boolean {
  return spawnSync('h2load', ['--version']).status === 0
}

/**
 * Runs h2load in one thread.
 * @throws Error where it fails, and where anything but 2xx was answered: such figures are worth nothing
 */
export async function h2load({ host, port }: Address, seconds: number, signal: AbortSignal): Promise<Result> {
  const args = ['-t1', `-c${CONNECTIONS}`, `-m${STREAMS}`, `-D${seconds}s`, `https://${host}:${port}/`]
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

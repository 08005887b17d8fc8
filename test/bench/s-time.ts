import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Address } from './raw-client.js'
import type { Result } from './wrk.js'

/** At once: enough that the server never waits for one. */
const CLIENTS = 4

/**
 * Runs clients of openssl s_time(1), each of which connects, asks once, and connects again, with a full handshake each
 * time. (wrk goes on with the session of the connection before.)
 * @throws Error if one fails
 */
export async function fullHandshakes({ host, port }: Address, seconds: number, signal: AbortSignal): Promise<Result> {
  const begin = performance.now()
  const counts = await Promise.all(Array.from({ length: CLIENTS }, () => count(`${host}:${port}`, seconds, signal)))
  const requests = counts.reduce((sum, each) => sum + each, 0)
  return { requests, perSecond: (requests / (performance.now() - begin)) * 1000 }
}

async function count(address: string, seconds: number, signal: AbortSignal): Promise<number> {
  const args = ['s_time', '-connect', address, '-new', '-www', '/', '-time', String(seconds)]
  const alone = ['-no-CAfile', '-no-CApath', '-no-CAstore']
  const child = spawn('openssl', [...args, ...alone], { signal, stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const found = /^(\d+) connections in \d+ real seconds/m.exec(output)?.[1]
  if (code !== 0 || found === undefined) throw new Error(`openssl s_time ended with ${code}: ${output}${errors}`)
  return Number(found)
}

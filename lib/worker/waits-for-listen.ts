import type { Logger } from '../../config/hooks.js'
import { unlessIdle } from './unless-idle.js'

interface Waiting {
  readonly log: Logger
  /** The application as the user wrote it. */
  readonly spec: string
  /** Of the whole boot, from the start of the process, in milliseconds; 0 for none. */
  readonly limit: number
}

/**
 * Waits until a script listens; undefined when nothing is left in this process that could still do it. The log says what was missing
 * when the time is up; ending the worker is then the arbiter's.
 */
export async function untilListening<Value>(
  listening: Promise<Value>,
  { log, spec, limit }: Waiting,
): Promise<Value | undefined> {
  const rest = Math.max(0, limit - process.uptime() * 1000)
  const timer = limit > 0 ? setTimeout(() => log.fatal({ limit }, overdue(spec, limit)), rest).unref() : undefined
  try {
    return await unlessIdle(listening)
  } finally {
    clearTimeout(timer)
  }
}

function overdue(spec: string, limit: number): string {
  const advice = 'export the application, or have the script listen when it can serve'
  return `Worker failed to boot: ${spec} exports no application, and no http.Server of it has called listen() within ${limit} ms (--boot-timeout); ${advice}`
}

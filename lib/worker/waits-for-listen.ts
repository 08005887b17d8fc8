import type { Logger } from '../../config/hooks.js'

interface Waiting {
  readonly log: Logger
  /** The application as the user wrote it. */
  readonly spec: string
  /** Of the whole boot, from the start of the process, in milliseconds; 0 for none. */
  readonly limit: number
}

/**
 * Resolves when nothing is left in this process that could still call `listen()`: no timer, no socket, no promise of Node's. The log
 * says what was missing when the time is up; ending the worker is then the arbiter's.
 * @param signal aborted when it is waited for no longer
 */
export function whenIdle({ log, spec, limit }: Waiting, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const rest = Math.max(0, limit - process.uptime() * 1000)
    const timer = limit > 0 ? setTimeout(() => log.fatal({ limit }, overdue(spec, limit)), rest).unref() : undefined
    process.channel?.unref()
    process.once('beforeExit', resolve)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      process.channel?.ref()
      process.removeListener('beforeExit', resolve)
    })
  })
}

function overdue(spec: string, limit: number): string {
  const advice = 'export the application, or have the script listen when it can serve'
  return `Worker failed to boot: ${spec} exports no application, and no http.Server of it has called listen() within ${limit} ms (--boot-timeout); ${advice}`
}

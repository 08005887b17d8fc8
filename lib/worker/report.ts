import type { Logger } from '../../config/hooks.js'

/** A line of the error log that explains an end: a boot that failed, an exit that the application caused, a hang. */
export interface Report {
  readonly level: 'fatal' | 'error' | 'warn' | 'info'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export function writeReport(log: Logger, { level, message, fields }: Report): void {
  log[level](fields, message)
}

import { checkLogPath } from './sink.js'

interface Logs {
  readonly errorlog: string
  readonly accesslog?: string | undefined
}

/**
 * Looks whether the logs can be opened, before any worker tries to: a path that cannot is a fault of the configuration.
 * @throws UnicornError that names the path
 */
export function checkLogs({ errorlog, accesslog }: Logs): void {
  checkLogPath({ path: errorlog, standard: 2 })
  if (accesslog !== undefined) checkLogPath({ path: accesslog, standard: 1 })
}

/** Says which logs of a daemon are lost, as it has no standard streams; undefined if none is. */
export function lostLogs({ errorlog, accesslog, syslog }: Logs & { syslog: boolean }): string | undefined {
  if (syslog) return undefined
  const lost = [
    ...(errorlog === '-' ? ['the error log goes to standard error: set --log-file'] : []),
    ...(accesslog === '-' ? ['the access log goes to standard output: set --access-logfile'] : []),
  ]
  return lost.length > 0 ? `a daemon has no standard streams, and ${lost.join(', and ')}, or it is lost` : undefined
}

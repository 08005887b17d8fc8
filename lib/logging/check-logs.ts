import { checkLogPath } from './sink.js'

/**
 * Looks whether the logs can be opened, before any worker tries to: a path that cannot is a fault of the configuration.
 * @throws UnicornError that names the path
 */
export function checkLogs({ errorlog, accesslog }: { errorlog: string; accesslog: string | undefined }): void {
  checkLogPath({ path: errorlog, standard: 2 })
  if (accesslog !== undefined) checkLogPath({ path: accesslog, standard: 1 })
}

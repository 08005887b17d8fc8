import { type AccessLog, createAccessLog } from '../../logging/access.js'
import { isAbsence, openSyslog } from '../../logging/syslog.js'
import type { Booting } from './booting.js'

/** @returns undefined if neither a file nor syslog gets a line about each request */
export function openAccessLog({
  config,
  snapshot,
  log,
}: Pick<Booting, 'config' | 'snapshot' | 'log'>): AccessLog | undefined {
  const { accesslog, accessLogFormat: format, disableRedirectAccessToSyslog } = config
  const warnUnlessAbsent = (problem: Error): void => {
    if (!isAbsence(problem)) log.warn(problem.message)
  }
  const syslog = disableRedirectAccessToSyslog ? undefined : openSyslog(config, 'access', warnUnlessAbsent)
  if (accesslog === undefined && !syslog) return undefined
  const onProblem = (error: Error): void => log.error({ err: error }, error.message)
  return createAccessLog({ accesslog, format, onProblem, syslog, standards: snapshot.standards })
}

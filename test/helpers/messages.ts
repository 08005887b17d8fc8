import type { LogLine } from './log.js'

/** The server's log messages at each step, in one place: tests wait for these. Matched against a line's `msg`. */
export const messages = {
  starting: /^Starting unicorn /,
  listening: /^Listening at: (?<address>[^\s,]+)/,
  metricsBound: /^metricsBind at: (?<address>\S+)/,
  booting: /^Booting worker/,
  ready: /^Worker ready/,
  /** By the arbiter, since it did not end in time. */
  killed: /^Worker killed/,
  exited: /^Worker exited/,
  timeout: /^Worker timeout/,
  hangs: /^Worker hangs/,
  /** Of a worker that hangs. The second line is missing if the worker was killed before it could say where. */
  timeoutOrHangs: /^Worker (timeout|hangs)/,
  /** On level debug. */
  prepared: /^Watchdog prepared/,
  aborted: /^Worker aborted/,
  maxRequests: /^Maximum number of requests/,
  uncaught: /^Uncaught error/,
  /** By a handler that threw. */
  applicationFailed: /^the application failed/,
  waitsForReady: /^Application loaded, the worker waits for its process\.send\('ready'\)/,
  appLoadFailed: /^Application failed to load/,
  /** By `process.exit`, after it was ready. */
  ownExit: /^The application called process\.exit\(/,
  bootFailed: /^Worker failed to boot/,
  /** The arbiter's last line if no worker was ever ready. */
  gaveUp: /before any worker was ready/,
  shuttingDown: /^Shutting down/,
  shutDown: /^Shut down/,
  reloading: /^Reloading/,
  /** Its field `files` has them. */
  changed: /^Changed: /,
  /** On level debug; its field `files` has them. */
  watched: /^Watched for changes/,
  waitsForChange: /nothing is served until a file changes/,
  drains: /^Worker drains/,
  reloaded: /^Reloaded/,
  reloadFailed: /^Reload failed/,
  reloadRefused: /^Reload refused/,
  gracefulTimeout: /^Graceful timeout/,
  disconnected: /^Worker was disconnected from the arbiter/,
  gotTerm: /^Worker got TERM/,
  orphaned: /^Arbiter is gone/,
  needsRestart: /needs a restart; the old value stays/,
  notApplied: /^Changed setting not applied/,
  /** Its field `successor` is the new arbiter's pid. */
  upgrading: /^Upgrade: a new arbiter starts/,
  /** The new arbiter's word that the old one is gone. */
  upgraded: /^Upgraded/,
  pidfileNotTakenOver: /^Pid file not taken over/,
  upgradeRefused: /^USR2 ignored/,
  successorGone: /^The new arbiter has ended/,
  requestTimeout: /^Request timeout/,
  tooMuchMemory: /^Worker uses too much memory/,
  /** Of standard output or standard error; from a hook in the arbiter, or from the application. */
  streamBroken: /is written to standard (output|error) is lost$|writes to standard (output|error) is lost$/,
  fewDescriptors: /^Few file descriptors are left/,
  logNotOpened: /^cannot open the log file .*its lines go to standard/,
  strayMessage: /^The application has sent a message by process\.send that nothing takes/,
  longPolling: /^Socket\.IO takes HTTP long-polling/,
  pythonReady: /^Python process ready/,
  pythonExited: /^Python process exited/,
  pythonHangs: /^Python process hangs/,
  /** What could not be removed at the end. */
  leftBehind: /^Left behind: /,
  otlpStarted: /^Metrics are sent by OTLP/,
  /** Its field `why` says why. */
  otlpFails: /^Metrics cannot be sent by OTLP/,
  otlpMissing: /^Metrics are not sent by OTLP/,
  lostLines: /^Lost \d+ earlier lines/,
} as const

/** `Handling signal: term` and the like. */
export function handling(
  signal: 'term' | 'int' | 'quit' | 'hup' | 'ttin' | 'ttou' | 'usr1' | 'usr2' | 'winch',
): RegExp {
  return new RegExp(`^Handling signal: ${signal}\\b`, 'i')
}

/** The worker that a line is about: the arbiter names it, a worker's own line has it as the writer. */
export function workerPidOf({ workerPid, pid }: LogLine): number | undefined {
  return typeof workerPid === 'number' ? workerPid : pid
}

import type { LogLine } from './log.js'

/** What the server says at each step, in one place: tests wait for these. Matched against a line's `msg`. */
export const messages = {
  starting: /^Starting unicorn /,
  listening: /^Listening at: (?<address>[^\s,]+)/,
  booting: /^Booting worker/,
  ready: /^Worker ready/,
  exited: /^Worker exited/,
  timeout: /^Worker timeout/,
  maxRequests: /^Maximum number of requests/,
  uncaught: /^Uncaught error/,
  appLoadFailed: /^Application failed to load/,
  bootFailed: /^Worker failed to boot/,
  /** The arbiter's last word, where nothing was ever ready. */
  gaveUp: /before any worker was ready/,
  shuttingDown: /^Shutting down/,
  shutDown: /^Shut down/,
  reloading: /^Reloading/,
  reloaded: /^Reloaded/,
  reloadFailed: /^Reload failed/,
  reloadRefused: /^Reload refused/,
  gracefulTimeout: /^Graceful timeout/,
  orphaned: /^Arbiter is gone/,
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

import { PythonError } from '../../gateway/python/python-error.js'
import type { Logger } from '../../logging/log.js'
import type { LogLevel } from '../../logging/names.js'

/** What a hook in Python has written to `server.log` or `worker.log`. */
export interface HookRecord {
  readonly type: 'log'
  readonly level: LogLevel
  readonly text: string
  readonly traceback?: string
}

const METHODS = { debug: 'debug', info: 'info', warning: 'warn', error: 'error', critical: 'fatal' } as const

export function logHook({ level, text, traceback }: HookRecord, log: Logger, facts: object = {}): void {
  log[METHODS[level]]({ ...facts, ...(traceback && { err: new PythonError(traceback) }) }, text)
}

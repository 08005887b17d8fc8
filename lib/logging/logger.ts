import { type LogFn, type Logger as PinoLogger, pino } from 'pino'
import { toError } from '../errors.js'
import { errorRecord } from './error-record.js'
import { escapeJson } from './escape.js'
import { withPriority } from './journal.js'
import type { LogFormat, LogLevel } from './names.js'
import { openSink, openSinkOrStandard, type Sink, type SinkOptions } from './sink.js'
import type { Standards } from './standard.js'
import { isAbsence, openSyslog, type Syslog, type SyslogSettings } from './syslog.js'
import { createTextRenderer, type LogRecord, messageLines } from './text-line.js'

export interface ErrorLogOptions extends Partial<SyslogSettings> {
  /** A path, or `-` for standard error. */
  errorlog: string
  loglevel: LogLevel
  logFormat: LogFormat
  /** Of the processes of a server only the arbiter says that syslog is not there. */
  isWorker?: boolean
  standards?: Standards | undefined
}

const PINO_LEVELS = {
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
} as const satisfies Record<LogLevel, string>

/** The fields that pino writes itself. A second one of that name would hide the first from readers. */
const RESERVED = new Set(['level', 'time', 'pid'])

/**
 * The error log. Each line is written synchronously with one write(2), so that all processes may append to one file. A
 * line that cannot be written never throws: lost lines are counted, and reported with the next that gets through. In
 * JSON the level has pino's label (`warn`, `fatal`), which tools that read pino's logs know.
 */
export class ErrorLog {
  /** Stays the same object, as its children do, whatever `configure` changes. */
  readonly logger: PinoLogger
  /** The same, with all levels. */
  readonly output: PinoLogger
  readonly #toText = createTextRenderer()
  #sink: Sink
  #format: LogFormat
  #isText: boolean
  #lost = 0
  #syslog: Syslog | undefined

  private constructor(options: ErrorLogOptions, sink: Sink) {
    this.#sink = sink
    this.#syslog = this.#openSyslog(options)
    this.#format = options.logFormat
    this.#isText = wantsText(this.#format, sink)
    this.logger = createLogger(options.loglevel, line => this.#append(line))
    this.output = this.logger.child({}, { level: 'trace' })
    if (sink.trouble) this.logger.error(sink.trouble.message)
  }

  /** @throws UnicornError that names the path, if the file cannot be opened */
  static open(options: ErrorLogOptions): ErrorLog {
    return new ErrorLog(options, openSink(sinkOptions(options)))
  }

  /** Never throws: if the file cannot be opened, lines go to standard error, and the first one says so. */
  static openOrStandard(options: ErrorLogOptions): ErrorLog {
    return new ErrorLog(options, openSinkOrStandard(sinkOptions(options)))
  }

  /** Opens the file again by its path (USR1). If that fails, the old file stays in use, with a line that says so. */
  reopen(): void {
    try {
      this.#sink.reopen()
      this.#isText = wantsText(this.#format, this.#sink)
    } catch (error) {
      this.logger.error({ err: toError(error) }, `Cannot reopen ${this.#sink.name}; going on with the old file`)
    }
  }

  /**
   * Takes over level, format and destination (HUP). It opens the file again even if nothing has changed.
   * @throws UnicornError that names the path, if the new file cannot be opened; nothing has changed then
   */
  configure(options: ErrorLogOptions): void {
    const old = this.#sink
    this.#sink = openSink(sinkOptions(options))
    this.#format = options.logFormat
    this.#isText = wantsText(this.#format, this.#sink)
    this.#syslog?.close()
    this.#syslog = this.#openSyslog(options)
    this.logger.level = PINO_LEVELS[options.loglevel]
    old.close()
  }

  /** Until `configure` says otherwise. */
  setLevel(level: LogLevel): void {
    this.logger.level = PINO_LEVELS[level]
  }

  /** Closes the file; later lines are lost. */
  close(): void {
    this.#syslog?.close()
    this.#sink.close()
  }

  #append(json: string): void {
    const notice = this.#lost > 0 ? this.#render(this.#lossNotice()) : ''
    const isLost = this.#sink.write(notice + this.#render(json)) > 0
    this.#lost = isLost ? this.#lost + 1 : 0
    this.#syslog?.write(...this.#syslogLines(json))
  }

  #openSyslog(options: ErrorLogOptions): Syslog | undefined {
    return openSyslog(options, 'error', problem => {
      if (!options.isWorker || !isAbsence(problem)) setImmediate(() => this.logger.warn(problem.message))
    })
  }

  /** The lines of a record, and its level: time and process id stand in the frame of each message. */
  #syslogLines(json: string): [lines: string, level: string] {
    const record: LogRecord = JSON.parse(json)
    return [this.#format === 'json' ? escapeJson(json) : messageLines(record), String(record.level)]
  }

  #lossNotice(): string {
    const msg = `Lost ${this.#lost} earlier lines of this log${this.#sink.failure ? ` (${this.#sink.failure})` : ''}`
    const record = { level: 'warn', time: new Date().toISOString(), pid: process.pid, lost: this.#lost, msg }
    return `${JSON.stringify(record)}\n`
  }

  #render(json: string): string {
    const { isJournal } = this.#sink
    if (!this.#isText && !isJournal) return escapeJson(json)
    const record: LogRecord = JSON.parse(json)
    const text = this.#isText ? this.#toText(record) : escapeJson(json)
    return isJournal ? withPriority(text, String(record.level)) : text
  }
}

function createLogger(level: LogLevel, write: (line: string) => void): PinoLogger {
  const options = {
    level: PINO_LEVELS[level],
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: tidyFields },
    serializers: { err: errorRecord },
    hooks: { logMethod: neverThrow },
  }
  return pino(options, { write })
}

/** The log is told of failures, so no value that it is given may become one more: a proxy, a getter that throws. */
function neverThrow(this: PinoLogger, args: Parameters<LogFn>, method: LogFn): void {
  try {
    Reflect.apply(method, this, args)
  } catch {
    const [first, message] = args
    const fields = typeof first === 'string' ? {} : { err: toError(first) }
    Reflect.apply(method, this, [fields, [first, message].find(text => typeof text === 'string') ?? ''])
  }
}

/** Turns errors under any name into records, and appends an underscore to names that pino uses itself. */
function tidyFields(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields)
  return Object.fromEntries(
    entries.map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, errorRecord(value)]),
  )
}

function sinkOptions({ errorlog, standards }: ErrorLogOptions): SinkOptions {
  return { path: errorlog, standard: 2, standards }
}

function wantsText(format: LogFormat, sink: Sink): boolean {
  return format === 'text' || (format === 'auto' && (sink.isTerminal || sink.isJournal))
}

import { toError, UnicornError } from '../errors.js'
import type { AccessEntry } from './access-entry.js'
import { compileAccessFormat } from './access-format.js'
import { jsonAccessLine } from './access-json.js'
import { openSinkOrStandard, type Sink } from './sink.js'
import type { Standards } from './standard.js'
import type { Syslog } from './syslog.js'

export type { AccessEntry } from './access-entry.js'
export { compileAccessFormat, DEFAULT_ACCESS_FORMAT } from './access-format.js'

/** How long a line waits for others at most, in milliseconds. */
const LONGEST_WAIT = 100

/** After so many characters lines wait no longer. A character is a byte, unless JSON leaves it as it is. */
const BUFFER_SIZE = 64 * 1024

export interface AccessLogOptions {
  /** A path, or `-` for standard output; nothing if the lines go to syslog alone. */
  accesslog: string | undefined
  /** Gunicorn's atoms, or `json`. */
  format: string
  /** Called when lines begin to be lost, when they get through again, and when the file cannot be opened. */
  onProblem?: (problem: Error) => void
  syslog?: Syslog | undefined
  standards?: Standards | undefined
}

/**
 * Writes a line for each request. Lines are buffered; a failure to write them never throws. If the file cannot be
 * opened, they go to standard output.
 */
export class AccessLog {
  readonly #format: (entry: AccessEntry) => string
  readonly #sink: Sink | undefined
  readonly #syslog: Syslog | undefined
  readonly #onProblem: ((problem: Error) => void) | undefined
  #pending = ''
  #timer: NodeJS.Timeout | undefined
  #lost = 0

  /** @throws UnicornError if the format has an unknown atom */
  constructor({ accesslog, format, onProblem, syslog, standards }: AccessLogOptions) {
    this.#format = format === 'json' ? jsonAccessLine : compileAccessFormat(format)
    this.#sink = accesslog === undefined ? undefined : openSinkOrStandard({ path: accesslog, standard: 1, standards })
    this.#syslog = syslog
    this.#onProblem = onProblem
    if (this.#sink?.trouble) onProblem?.(this.#sink.trouble)
  }

  write(entry: AccessEntry): void {
    this.#pending += `${this.#format(entry)}\n`
    if (this.#pending.length >= BUFFER_SIZE) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), LONGEST_WAIT).unref()
  }

  /** Writes the buffered lines, synchronously, so that none are lost at exit. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#pending === '') return
    const lines = this.#pending
    this.#pending = ''
    if (this.#sink) this.#account(this.#sink, this.#sink.write(lines))
    this.#syslog?.write(lines)
  }

  /** Flushes, then opens the file again by its path (USR1). If that fails, the old one stays in use. */
  reopen(): void {
    this.flush()
    try {
      this.#sink?.reopen()
    } catch (error) {
      this.#onProblem?.(toError(error))
    }
  }

  /** Flushes and closes; later lines are lost. */
  close(): void {
    this.flush()
    this.#sink?.close()
  }

  #account({ name, failure }: Sink, lost: number): void {
    const before = this.#lost
    this.#lost = lost === 0 ? 0 : before + lost
    if ((before === 0) === (lost === 0)) return
    const fault = { found: failure ?? `${before} lines lost`, wanted: 'a log that can be written', where: name }
    const begins = `lines of the access log are being lost: ${failure}`
    this.#onProblem?.(new UnicornError(lost > 0 ? begins : `${before} lines of the access log were lost`, fault))
  }
}

export function createAccessLog(options: AccessLogOptions): AccessLog {
  return new AccessLog(options)
}

import { toError, UnicornError } from '../errors.js'
import type { AccessEntry } from './access-entry.js'
import { compileAccessFormat } from './access-format.js'
import { jsonAccessLine } from './access-json.js'
import { openSinkOrStandard, type Sink } from './sink.js'

export type { AccessEntry } from './access-entry.js'
export { compileAccessFormat, DEFAULT_ACCESS_FORMAT } from './access-format.js'

/** How long a line waits for others at most, in milliseconds. */
const LONGEST_WAIT = 100

/** After so many characters lines wait no longer. A character is a byte, unless JSON leaves it as it is. */
const BUFFER_SIZE = 64 * 1024

export interface AccessLogOptions {
  /** A path, or `-` for standard output. */
  accesslog: string
  /** Gunicorn's atoms, or `json`. */
  format: string
  /** Called when lines begin to be lost, when they get through again, and when the file cannot be opened. */
  onProblem?: (problem: Error) => void
}

/**
 * Writes a line for each request. Lines are buffered; a failure to write them never throws. If the file cannot be
 * opened, they go to standard output.
 */
export class AccessLog {
  readonly #format: (entry: AccessEntry) => string
  readonly #sink: Sink
  readonly #onProblem: ((problem: Error) => void) | undefined
  #pending = ''
  #timer: NodeJS.Timeout | undefined
  #lost = 0

  /** @throws UnicornError if the format has an unknown atom */
  constructor({ accesslog, format, onProblem }: AccessLogOptions) {
    this.#format = format === 'json' ? jsonAccessLine : compileAccessFormat(format)
    this.#sink = openSinkOrStandard({ path: accesslog, standard: 1 })
    this.#onProblem = onProblem
    if (this.#sink.trouble) onProblem?.(this.#sink.trouble)
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
    this.#account(this.#sink.write(lines))
  }

  /** Flushes, then opens the file again by its path (USR1). If that fails, the old one stays in use. */
  reopen(): void {
    this.flush()
    try {
      this.#sink.reopen()
    } catch (error) {
      this.#onProblem?.(toError(error))
    }
  }

  /** Flushes and closes; later lines are lost. */
  close(): void {
    this.flush()
    this.#sink.close()
  }

  #account(lost: number): void {
    const { name, failure } = this.#sink
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

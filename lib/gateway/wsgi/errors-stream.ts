import type { Logger } from '../../logging/log.js'
import type { ErrorsStream } from './types.js'

/** `wsgi.errors` on top of the error log: nothing is held back, so there is nothing to flush. */
export class LogErrors implements ErrorsStream {
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  write(text: string): void {
    for (const line of String(text).split('\n')) {
      if (line.trim() !== '') this.#log.error({ origin: 'wsgi.errors' }, line)
    }
  }

  writelines(lines: Iterable<string>): void {
    for (const line of lines) this.write(line)
  }

  flush(): void {}

  /** An object of its own in JSON, so that an environ can be logged. */
  toJSON(): string {
    return '[wsgi.errors]'
  }
}

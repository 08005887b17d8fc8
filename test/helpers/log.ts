import type { Readable } from 'node:stream'

/** One line that a process wrote: a parsed JSON log line, or any other text as `msg` alone. */
export interface LogLine {
  readonly msg: string
  readonly level?: string
  readonly pid?: number
  readonly [field: string]: unknown
}

export type LogMatch = RegExp | ((line: LogLine) => boolean)

export interface LogWait {
  /** Only lines behind this one count. */
  readonly after?: LogLine
  /** Wait for so many matching lines; the last of them is returned. Default 1. */
  readonly count?: number
}

interface Waiter {
  readonly find: () => LogLine | undefined
  readonly resolve: (line: LogLine) => void
  readonly fail: (why: string) => void
}

/** A wait that lasts longer has failed, in milliseconds. Facts come within a second; a loaded machine may need many. */
export const CEILING = 60_000

/** The lines of one output, collected as they come, to be waited for. */
export class Log {
  readonly lines: LogLine[] = []
  readonly #waiters = new Set<Waiter>()
  #rest = ''
  #ended = false

  read(stream: Readable): void {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => this.#append(text))
    stream.on('close', () => this.#end())
  }

  /**
   * Resolves with the line, past or to come. Rejects with the whole log when the output ended or CEILING has passed.
   */
  wait(match: LogMatch, { after, count = 1 }: LogWait = {}): Promise<LogLine> {
    const find = (): LogLine | undefined => this.all(match, after)[count - 1]
    const found = find()
    if (found) return Promise.resolve(found)
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${why} before ${match} came ${count} times\n${this}`))
      if (this.#ended) return fail('the output ended')
      const timer = setTimeout(() => settle(() => fail(`${CEILING} ms passed`)), CEILING)
      const settle = (action: () => void): void => {
        clearTimeout(timer)
        this.#waiters.delete(waiter)
        action()
      }
      const waiter: Waiter = {
        find,
        resolve: line => settle(() => resolve(line)),
        fail: why => settle(() => fail(why)),
      }
      this.#waiters.add(waiter)
    })
  }

  /** Those that have come until now. */
  all(match: LogMatch, after?: LogLine): LogLine[] {
    const from = after ? this.lines.indexOf(after) + 1 : 0
    return this.lines.slice(from).filter(line => matches(line, match))
  }

  toString(): string {
    return `--- log\n${this.lines.map(show).join('\n')}\n---`
  }

  #append(text: string): void {
    const parts = (this.#rest + text).split('\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) this.lines.push(parse(part))
    for (const waiter of [...this.#waiters]) {
      const line = waiter.find()
      if (line) waiter.resolve(line)
    }
  }

  #end(): void {
    if (this.#rest !== '') this.#append('\n')
    this.#ended = true
    for (const waiter of [...this.#waiters]) waiter.fail('the output ended')
  }
}

export function matches(line: LogLine, match: LogMatch): boolean {
  return match instanceof RegExp ? match.test(line.msg) : match(line)
}

/** As one line for people who read why a test failed. */
function show({ msg, level, pid, time: _, ...fields }: LogLine): string {
  return level === undefined ? `  ${msg}` : `  [${pid}] ${level} ${msg} ${JSON.stringify(fields)}`
}

function parse(text: string): LogLine {
  try {
    const value: unknown = JSON.parse(text)
    if (isLogLine(value)) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return { msg: text }
}

function isLogLine(value: unknown): value is LogLine {
  return typeof value === 'object' && value !== null && 'msg' in value && typeof value.msg === 'string'
}

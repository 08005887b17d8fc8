import type { Readable } from 'node:stream'
import { PythonError } from '../../gateway/python/python-error.js'
import { Lines } from '../../logging/lines.js'
import type { Logger } from '../../logging/log.js'

/** How long a traceback may wait for its next line, in milliseconds. */
const PAUSE = 200
/** A traceback has fewer lines; what goes on for longer is none. */
const MOST_LINES = 5000

const BEGIN = /^\s*(?:\+ Exception Group )?Traceback \(most recent call last\):\r?$/
/** Between two tracebacks of one chain of exceptions. */
const LINK = /^(?:During handling of the above exception|The above exception was the direct cause)/

/** Makes records of the log of the lines that a process prints: one of each line, and one of each traceback. */
export class OutputRecorder {
  /** Resolves when nothing more can come. */
  readonly closed: Promise<void>
  readonly #log: Logger
  readonly #facts: object
  readonly #lines: Lines
  /** The lines of a traceback that may go on. */
  #trace: string[] = []
  /** Whether the line that names the exception has come. */
  #isNamed = false
  #timer: NodeJS.Timeout | undefined

  /** @param facts  of each record */
  constructor(stream: Readable, log: Logger, facts: object) {
    this.#log = log
    this.#facts = facts
    this.#lines = new Lines(stream, line => this.#take(line))
    this.closed = this.#lines.closed.then(() => this.#endTrace())
  }

  /** Records what waits for more. */
  flush(): void {
    this.#lines.flush()
    this.#endTrace()
  }

  #take(line: string): void {
    if (BEGIN.test(line)) return this.#begin(line)
    if (this.#trace.length === 0) return this.#record(line)
    if (!this.#isNamed || line === '' || LINK.test(line)) return this.#add(line)
    this.#endTrace()
    this.#record(line)
  }

  #begin(line: string): void {
    // Another one, unless it belongs to the chain.
    if (this.#isNamed && !LINK.test(this.#trace.at(-2) ?? '')) this.#endTrace()
    this.#isNamed = false
    this.#trace.push(line)
    this.#wait()
  }

  #add(line: string): void {
    this.#trace.push(line)
    // Frames are indented; a group of exceptions is drawn with bars.
    if (!/^(?:\s|$)/.test(line) && !LINK.test(line)) this.#isNamed = true
    if (this.#trace.length < MOST_LINES) this.#wait()
    else this.#endTrace()
  }

  #wait(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#endTrace(), PAUSE).unref()
  }

  #endTrace(): void {
    clearTimeout(this.#timer)
    if (this.#trace.length === 0) return
    const text = this.#trace.splice(0).join('\n').trimEnd()
    this.#isNamed = false
    const error = new PythonError(text)
    this.#log.error({ ...this.#facts, err: error }, `${error.name}: ${error.message}`.replace(/\n[\s\S]*/, ''))
  }

  #record(line: string): void {
    if (line !== '') this.#log.info(this.#facts, line)
  }
}

/** Makes records of what a process prints. */
export function recordOutput(
  streams: { readonly stdout: Readable; readonly stderr: Readable },
  log: Logger | undefined,
  pythonPid: number,
): OutputRecorder[] {
  if (!log) return []
  return (['stdout', 'stderr'] as const).map(stream => new OutputRecorder(streams[stream], log, { pythonPid, stream }))
}

import type { Readable } from 'node:stream'

/** A longer line is cut, so that a program that prints no line feeds takes no memory. */
const LONGEST_LINE = 64 * 1024

/** Cuts what a process prints into lines. What is no UTF-8 becomes U+FFFD. */
export class Lines {
  /** Resolves when nothing more can come. */
  readonly closed: Promise<void>
  readonly #take: (line: string) => void
  #rest = ''

  /** @param take  gets each line, without its end */
  constructor(stream: Readable, take: (line: string) => void) {
    this.#take = take
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => this.#read(text))
    stream.on('error', () => {})
    this.closed = new Promise(resolve => {
      stream.on('close', () => {
        this.flush()
        resolve()
      })
    })
  }

  /** Takes what waits for the end of its line. */
  flush(): void {
    const rest = this.#rest
    this.#rest = ''
    if (rest !== '') this.#take(rest)
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#take(line.endsWith('\r') ? line.slice(0, -1) : line)
    if (this.#rest.length > LONGEST_LINE) this.flush()
  }
}

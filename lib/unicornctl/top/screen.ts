import type { ReadStream, WriteStream } from 'node:tty'

/** A terminal that is written to and read from. */
export interface Terminal {
  readonly input: ReadStream
  readonly output: WriteStream
}

/** The alternate screen, no cursor, no wrapping of long lines (xterm, "Control Sequences"). */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

/** A terminal of 80 columns and 24 rows is what is taken of one that tells neither. */
const STANDARD = { columns: 80, rows: 24 }

/** What was typed. */
export type Key = 'up' | 'down' | 'quit' | 'interrupt' | 'sort' | 'retire' | 'reload'

/** Of arrow keys a terminal sends one of two sequences, by its mode. */
const KEYS: Readonly<Record<string, Key>> = {
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  k: 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  j: 'down',
  q: 'quit',
  '\x03': 'interrupt',
  s: 'sort',
  r: 'retire',
  R: 'reload',
}

/** The whole of a terminal. It is as it was before when this is closed. */
export class Screen {
  readonly #terminal: Terminal
  readonly #read: (typed: string) => void
  readonly #resized: () => void

  constructor(terminal: Terminal, on: { readonly key: (key: Key) => void; readonly resize: () => void }) {
    this.#terminal = terminal
    this.#read = typed => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
      for (const [each] of typed.matchAll(/\x1b[[O][0-9;]*[A-Za-z~]|[\s\S]/g)) {
        const key = KEYS[each]
        if (key) on.key(key)
      }
    }
    this.#resized = on.resize
    const { input, output } = terminal
    input.setRawMode(true).setEncoding('utf8').on('data', this.#read)
    output.on('resize', this.#resized).write(ENTER)
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.#terminal.output
    return { columns: columns || STANDARD.columns, rows: rows || STANDARD.rows }
  }

  show(lines: readonly string[]): void {
    this.#terminal.output.write(`${HOME}${lines.map(line => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`)
  }

  /** Resolves when the terminal has it all. */
  async close(): Promise<void> {
    const { input, output } = this.#terminal
    input.off('data', this.#read).setRawMode(false).pause()
    output.off('resize', this.#resized)
    await new Promise<void>(resolve => output.write(LEAVE, () => resolve()))
  }
}

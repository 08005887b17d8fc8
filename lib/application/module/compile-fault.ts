import { fileURLToPath } from 'node:url'

/** A place in a file that could not be compiled or linked; line and column from 1. */
export interface CompileFault {
  readonly file: string
  readonly line: number
  /** Undefined where it is not told. */
  readonly column: number | undefined
  /** The line of the source. */
  readonly text: string
}

const PLACE = /^(?:(?<url>file:\/\/\S+)|(?<path>\/.+)):(?<line>\d+)$/

/**
 * Finds the place in what Node puts before a stack: `FILE:LINE`, the line, and carets below the fault.
 * @param report  the stack; whoever formats stacks can have made something else of it than text
 */
export function compileFault(report: unknown): CompileFault | undefined {
  const lines = typeof report === 'string' ? report.split('\n') : []
  const at = lines.findIndex(line => PLACE.test(line))
  const { url, path = '', line } = PLACE.exec(lines[at] ?? '')?.groups ?? {}
  if (line === undefined || lines.slice(0, at).some(above => above.startsWith('    at '))) return undefined
  const caret = lines[at + 2]?.indexOf('^') ?? -1
  const column = caret < 0 ? undefined : caret + 1
  return { file: url === undefined ? path : fileURLToPath(url), line: Number(line), column, text: lines[at + 1] ?? '' }
}

/** The other way round: a stack in the form that Node gives to what it cannot compile. */
export function compileStack({ file, line, column, text }: CompileFault, what: string): string {
  const caret = column === undefined ? '' : `${text.slice(0, column - 1).replace(/\S/g, ' ')}^`
  return `${file}:${line}\n${text}\n${caret}\n\nSyntaxError: ${what}`
}

import { fileURLToPath } from 'node:url'

/** The place of an error that kept a file from being compiled or linked. */
export interface CompileFault {
  readonly file: string
  /** Counted from 1, as the column is, which is undefined if the report does not give it. */
  readonly line: number
  readonly column: number | undefined
  /** The line of the source. */
  readonly text: string
}

const PLACE = /^(?:(?<url>file:\/\/\S+)|(?<path>\/.+)):(?<line>\d+)$/

/**
 * Finds the place of a fault in what Node puts before a stack: `FILE:LINE`, the line of source, carets below the fault.
 * @param report  an error's `stack`, which is no string if `Error.prepareStackTrace` made something else of it
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

/** Writes a stack as Node does for a file that it cannot compile: the inverse of `compileFault`. */
export function compileStack({ file, line, column, text }: CompileFault, message: string): string {
  const caret = column === undefined ? '' : `${text.slice(0, column - 1).replace(/\S/g, ' ')}^`
  return `${file}:${line}\n${text}\n${caret}\n\nSyntaxError: ${message}`
}

import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { read } from '../../errors.js'
import { packageFile } from '../../sys/package.js'
import { SourcePositions } from '../../sys/source-position.js'

/** A frame of a stack, for people. */
export interface Frame {
  /** `file:line:column` */
  readonly place: string
  /** `function (file:line:column)` */
  readonly text: string
}

/** Deeper stacks are cut. */
const DEEPEST = 50
/** How many frames a line of the log has room for. */
const MOST_FRAMES = 15

/** `at async Type.name [as other] (file:///srv/app.js:1:2)`, or the place alone. */
const FRAME = /^at (?:async )?(?:(?<name>.*?) \()?(?<file>(?:file:\/\/|node:|\/).*):(?<line>\d+):(?<column>\d+)\)?$/
const SOURCE_MAP = /^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm

/** Our own code, compiled or as source maps name it. */
const OURS = ['dist', 'lib', 'bin', 'config'].map(directory => packageFile(`${directory}/`).href)

/** The present stack, innermost frame first. Empty if the application formats its stacks in another way. */
export function currentStack(): readonly string[] {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = DEEPEST
  const stack = read(new Error(), 'stack')
  Error.stackTraceLimit = stackTraceLimit
  if (typeof stack !== 'string') return []
  return stack.split('\n').flatMap(line => (/^\s+at /.test(line) ? [line.trim()] : []))
}

/** The frames of `stack` that are neither Node's nor ours, at their places in the source if there is a source map. */
export function applicationFrames(stack: readonly string[]): readonly Frame[] {
  const positions = new SourcePositions()
  return stack.flatMap(line => frameOf(line, positions) ?? []).slice(0, MOST_FRAMES)
}

function frameOf(line: string, positions: SourcePositions): Frame | undefined {
  const { name = '<anonymous>', file, line: row, column } = FRAME.exec(line)?.groups ?? {}
  // Code without a file, as of `eval`.
  if (file === undefined) return { place: line.replace(/^at /, ''), text: line.replace(/^at /, '') }
  const url = file.startsWith('/') ? pathToFileURL(file).href : file
  if (url.startsWith('node:') || OURS.some(directory => url.startsWith(directory))) return undefined
  const generated = { url, sourceMapUrl: sourceMapUrl(url), line: Number(row) - 1, column: Number(column) - 1 }
  const found = positions.find(generated)
  const place = `${found.file}:${found.line}:${found.column}`
  return { place, text: `${name} (${place})` }
}

/** The URL in the script's comment, or an empty string. (What Node or a loader has mapped is a source already.) */
function sourceMapUrl(url: string): string {
  try {
    const comments = [...readFileSync(fileURLToPath(url), 'utf8').matchAll(SOURCE_MAP)]
    return comments.at(-1)?.[1] ?? ''
  } catch {
    // For whatever reason: the generated place still says a lot.
    return ''
  }
}

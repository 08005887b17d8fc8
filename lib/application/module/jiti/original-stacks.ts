import { findSourceMap } from 'node:module'
import { type SourcePosition, SourcePositions } from '../../../sys/source-position.js'

const MAP_COMMENT = '//# sourceMappingURL='

/** Source maps by file. They belong to the whole process, as `Error.prepareStackTrace` does. */
const maps = new Map<string, string>()
const positions = new SourcePositions()

type Format = (error: Error, frames: NodeJS.CallSite[]) => unknown

/** Has stacks show the lines of `file` itself from now on. `code` is made of it, with a source map inside. */
export function mapStacks(file: string, code: string): void {
  const at = code.lastIndexOf(MAP_COMMENT)
  if (at < 0) return
  if (maps.size === 0) takeOverFormat()
  maps.set(file, code.slice(at + MAP_COMMENT.length).split('\n', 1)[0] ?? '')
}

/** A formatter that is set already, as by `source-map-support`, still formats, but gets the mapped frames. */
function takeOverFormat(): void {
  const format: Format = Error.prepareStackTrace ?? formatStack
  Error.prepareStackTrace = (error, frames) => format(error, frames.map(originalFrame))
}

/** Formats as V8 does. */
function formatStack(error: Error, frames: NodeJS.CallSite[]): string {
  return [headOf(error), ...frames.map(frame => `    at ${frame}`)].join('\n')
}

/** V8 shows an error even if its name or message throws. */
function headOf(error: Error): string {
  try {
    return Error.prototype.toString.call(error)
  } catch {
    return '<error>'
  }
}

function originalFrame(frame: NodeJS.CallSite): NodeJS.CallSite {
  const file = frame.getFileName()
  const line = frame.getLineNumber()
  const column = frame.getColumnNumber()
  if (!file || line === null || column === null) return frame
  const place = originalPlace(file, line, column)
  if (!place) return frame
  const text = String(frame).replace(`${file}:${line}:${column}`, () => `${place.file}:${place.line}:${place.column}`)
  const answers: Readonly<Record<PropertyKey, () => unknown>> = {
    getFileName: () => place.file,
    getLineNumber: () => place.line,
    getColumnNumber: () => place.column,
    toString: () => text,
  }
  return new Proxy(frame, { get: (target, name) => answers[name] ?? bound(target, name) })
}

/** The methods of a frame work only on the frame itself, not on a proxy. */
function bound(frame: NodeJS.CallSite, name: PropertyKey): unknown {
  const value: unknown = Reflect.get(frame, name)
  return typeof value === 'function' ? value.bind(frame) : value
}

function originalPlace(file: string, line: number, column: number): SourcePosition | undefined {
  const sourceMapUrl = maps.get(file)
  if (sourceMapUrl !== undefined) {
    return positions.find({ url: file, sourceMapUrl, line: line - 1, column: column - 1 })
  }
  // Node maps no stacks by `--enable-source-maps` once `prepareStackTrace` is set, so it is done here.
  const entry = findSourceMap(file)?.findEntry(line - 1, column - 1)
  if (!entry || !('originalSource' in entry)) return undefined
  return { file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 }
}

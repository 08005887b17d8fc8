import { packageFile } from '../../sys/package.js'
import { SourcePositions } from '../../sys/source-position.js'
import type { RawFrame } from './main-thread.js'

/** How many frames a line of the log has room for. */
const MOST_FRAMES = 15

/** Our own code, which calls the application; it is below every stack. */
const OURS = packageFile('dist/').href

/** The application's frames as `function (file:line:column)`; those of Node and ours only if there are no others. */
export function describeFrames(frames: readonly RawFrame[]): string[] {
  const own = frames.filter(({ url }) => !url.startsWith('node:') && !url.startsWith(OURS))
  const positions = new SourcePositions()
  return (own.length > 0 ? own : frames).slice(0, MOST_FRAMES).map(frame => {
    const { file, line, column } = positions.find(frame)
    return `${frame.functionName || '<anonymous>'} (${file || '<anonymous>'}:${line}:${column})`
  })
}

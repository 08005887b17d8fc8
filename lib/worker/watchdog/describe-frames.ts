import { packageFile } from '../../sys/package.js'
import { SourcePositions } from '../../sys/source-position.js'
import type { RawFrame, Sight } from './main-thread.js'

/** How many frames a line of the log has room for. */
const MOST_FRAMES = 15

/** Our own code, which calls the application; it is below every stack. */
const OURS = packageFile('dist/').href

/** The function that a message to the main thread calls. It stops there, or where Node is about to call it. */
const WOKEN = 'answerWatchdog'

/** Whether it waited for events: it had just begun to run what has come next, or what it was woken with. */
export function isIdle({ frames, woken }: Sight): boolean {
  if (frames.length === 1) return frames.every(isOfServer)
  return woken && frames.every(frame => frame.url.startsWith('node:') || frame.functionName === WOKEN)
}

/** Whether it is Node's or ours. */
function isOfServer({ url }: RawFrame): boolean {
  return url.startsWith('node:') || url.startsWith(OURS)
}

/** The application's frames as `function (file:line:column)`; those of Node and ours only if there are no others. */
export function describeFrames(frames: readonly RawFrame[]): string[] {
  const own = frames.filter(frame => !isOfServer(frame))
  const positions = new SourcePositions()
  return (own.length > 0 ? own : frames).slice(0, MOST_FRAMES).map(frame => {
    const { file, line, column } = positions.find(frame)
    return `${frame.functionName || '<anonymous>'} (${file || '<anonymous>'}:${line}:${column})`
  })
}

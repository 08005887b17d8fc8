import { leaveClosedTerminal } from '../../sys/closed-terminal.js'
import { applicationFrames, currentStack, type Frame } from './call-site.js'

/** An end of this process that the application has caused. */
export interface ForeignExit {
  readonly code: number
  /** Whether `process.exit` was called. If not, there was nothing left to wait for. */
  readonly isCalled: boolean
  /** Its callers in the application, innermost first. Empty if Node called it, as a callback. */
  readonly frames: readonly Frame[]
}

/** The module of Node that `process.exit` is in, in every version that is supported. */
const PROCESS_EXIT = 'node:internal/process/per_thread'

/** The ends of a worker process, our own and those that the application causes, distinguished without a patch. */
export class Exits {
  #isOurs = false

  /** Ends the process. */
  end(code: number): never {
    this.#isOurs = true
    leaveClosedTerminal()
    process.exit(code)
  }

  /** Calls `report` if the process ends in any other way; `report` returns the exit code. */
  onForeign(report: (exit: ForeignExit) => number): void {
    process.once('exit', code => {
      if (this.#isOurs) return
      const stack = currentStack()
      const call = stack.findIndex(frame => frame.includes(PROCESS_EXIT))
      const frames = call < 0 ? [] : applicationFrames(stack.slice(call + 1))
      process.exitCode = report({ code, isCalled: call >= 0, frames })
    })
  }
}

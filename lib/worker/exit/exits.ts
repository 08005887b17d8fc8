import { applicationFrames, currentStack, type Frame } from './call-site.js'

/** An end of this process that the application brought about. */
export interface ForeignExit {
  readonly code: number
  /** Whether it called `process.exit`. Else there was nothing left to wait for. */
  readonly isCalled: boolean
  /** Who called it, innermost first. Empty where Node did, as a callback. */
  readonly frames: readonly Frame[]
}

/** Where `process.exit` is, in every version of Node that is served. */
const PROCESS_EXIT = 'node:internal/process/per_thread'

/** The ends of a worker process: ours, and those that the application brings about. Nothing is patched for that. */
export class Exits {
  #isOurs = false

  /** Ends the process. */
  end(code: number): never {
    this.#isOurs = true
    process.exit(code)
  }

  /** Calls `report` when it is ended in any other way; what that returns is the exit code. */
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

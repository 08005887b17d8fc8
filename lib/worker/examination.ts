import type { ProcessStack } from '../application/application.js'
import type { InFlight } from './requests-in-flight.js'

/** What the watchdog of a worker can be asked, over a channel of its own: the main thread may hang. */
export type Examination =
  /** Where the main thread is at this moment, and the processes of an application that has some. */
  | { readonly what: 'stack'; readonly hasProcesses?: boolean }
  /** Which requests run. */
  | { readonly what: 'requests' }
  /** Where its time goes, as a `.cpuprofile`. */
  | { readonly what: 'profile'; readonly seconds: number; readonly file: string }
  /** What is on its heap, as a `.heapsnapshot`. Meanwhile the worker serves nothing. */
  | { readonly what: 'heap-snapshot'; readonly file: string }

/** The side that asks has the file open. The worker removes its name, and then writes it. */
export type Finding = StackFound | { readonly written: true } | { readonly failure: string }

export interface StackFound {
  /**
   * `busy` in JavaScript; `idle` waits for events; `turning` answers, and was not stopped; `asleep` in a system call
   * that nothing interrupts, such as that of a synchronous child process; `unknown` could not be stopped in time.
   */
  readonly state: 'busy' | 'idle' | 'turning' | 'asleep' | 'unknown'
  /** The innermost frame first, as `function (file:line:column)` of the sources. */
  readonly stack: readonly string[]
  readonly inFlight?: InFlight
  /** Absent if there are none, or if the main thread has not answered where they are. */
  readonly processes?: readonly ProcessStack[]
}

export type ToWatchdog = { readonly id: number; readonly examination: Examination }
export type FromWatchdog =
  | { readonly type: 'found'; readonly id: number; readonly finding: Finding }
  /** It has logged that the main thread hangs: what, and where. */
  | { readonly type: 'hang'; readonly report: string; readonly stack: readonly string[] }

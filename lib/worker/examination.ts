import type { InFlight } from './requests-in-flight.js'

/** What the watchdog of a worker can be asked, over a channel of its own: the main thread may hang. */
export type Examination =
  /** Where the main thread is at this moment. */
  | { readonly what: 'stack' }
  /** Which requests run. */
  | { readonly what: 'requests' }
  /** Where its time goes: the file is a `.cpuprofile`, in a directory that the worker may write. */
  | { readonly what: 'profile'; readonly seconds: number; readonly directory: string }
  /** What is on its heap: the file is a `.heapsnapshot`. Meanwhile the worker serves nothing. */
  | { readonly what: 'heap-snapshot'; readonly directory: string }

export type Finding = StackFound | FileFound | { readonly failure: string }

export interface StackFound {
  /**
   * `busy` in JavaScript; `idle` waits for events; `turning` answers, and was not stopped; `asleep` in a system call
   * that nothing interrupts, such as that of a synchronous child process; `unknown` could not be stopped in time.
   */
  readonly state: 'busy' | 'idle' | 'turning' | 'asleep' | 'unknown'
  /** The innermost frame first, as `function (file:line:column)` of the sources. */
  readonly stack: readonly string[]
  readonly inFlight?: InFlight
}

/** A file for whoever asked, who removes it. */
export interface FileFound {
  readonly file: string
}

export type ToWatchdog = { readonly id: number; readonly examination: Examination }
export type FromWatchdog =
  | { readonly type: 'found'; readonly id: number; readonly finding: Finding }
  /** It has logged that the main thread hangs: what, and where. */
  | { readonly type: 'hang'; readonly report: string; readonly stack: readonly string[] }

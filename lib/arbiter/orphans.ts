import { readdirSync } from 'node:fs'
import { peekEndedChild, reapChild } from '../sys/libc.js'
import { processStat } from '../sys/process-stat.js'

/**
 * Reaps orphans. As PID 1 of a container, the arbiter inherits every process whose parent has died. Node reaps only the
 * children that it spawned, and within one turn of its loop, so a child that has ended and is still there at the next
 * tick is an orphan.
 */
export class Orphans {
  #seen = new Set<number>()

  /** Called at each tick. Costs one system call while no child has ended. */
  reap(): void {
    if (peekEndedChild() === undefined) {
      this.#seen.clear()
      return
    }
    const processes = readdirSync('/proc').filter(name => /^\d+$/.test(name))
    const ended = new Set(processes.filter(isEndedChild).map(Number))
    for (const pid of ended) if (this.#seen.has(pid)) reapChild(pid)
    this.#seen = ended
  }
}

/** Whether the process is a child of this one that has ended and is not reaped: state Z in /proc/PID/stat (proc(5)). */
function isEndedChild(pid: string): boolean {
  // There are none if it was reaped after the listing.
  const [state, parent] = processStat(pid) ?? []
  return state === 'Z' && Number(parent) === process.pid
}

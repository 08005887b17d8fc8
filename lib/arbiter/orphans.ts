import { readdirSync, readFileSync } from 'node:fs'
import { peekEndedChild, reapChild } from '../sys/libc.js'

/**
 * As PID 1 of a container, the arbiter inherits every process whose parent has died, and must reap it. Node reaps only what it
 * spawned itself, and within one turn of its loop; so an ended child that is still there at the next look is nobody's.
 */
export class Orphans {
  #seen = new Set<number>()

  /** To be called at each tick. Costs one system call while no child has ended. */
  reap(): void {
    if (peekEndedChild() === undefined) {
      this.#seen.clear()
      return
    }
    const ended = new Set(endedChildren())
    for (const pid of ended) if (this.#seen.has(pid)) reapChild(pid)
    this.#seen = ended
  }
}

/** Children of this process that have ended and were not reaped: state Z in /proc/PID/stat (proc(5)). */
function endedChildren(): number[] {
  const processes = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return processes.filter(isEndedChild).map(Number)
}

function isEndedChild(pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' && Number(parent) === process.pid
  } catch {
    return false // gone between the listing and the look
  }
}

import type { Channel } from '../../gateway/python/channel.js'
import type { Call } from '../../gateway/python/job.js'
import { Queue } from '../../sys/queue.js'
import type { PythonProcess } from './python-process.js'

/** After how many milliseconds a call is sent once more. */
const RETRY_PAUSE = 20

/** A thread of a process that has no request. */
interface Free {
  readonly process: PythonProcess
  readonly channel: Channel
}

/** Gives each request to a process that is idle, whatever connection it came by; the others wait in their order. */
export class Dispatch {
  /** The one that was used last comes last. */
  readonly #processes: Set<PythonProcess>
  readonly #queue = new Queue<Call>(call => call.isWanted)

  constructor(processes: Set<PythonProcess>) {
    this.#processes = processes
  }

  /** Runs a call, now or when a process has time for it. */
  submit(call: Call): void {
    const free = this.#queue.size === 0 ? this.#free() : undefined
    if (free) this.#run(call, free)
    else this.#queue.add(call)
  }

  /** Runs a call that could not be sent: its loop stood still for a while, or descriptors are short. */
  later(call: Call): void {
    setTimeout(() => call.isWanted && this.submit(call), RETRY_PAUSE)
  }

  /** A process will answer nothing any more. What it has not begun, another one runs: that has waited for longest. */
  gone(process: PythonProcess): void {
    const status = process.hung.size > 0 || process.wasLate ? 504 : 502
    for (const channel of process.channels) this.lost(channel, status)
    this.next()
  }

  /** A channel will bring nothing any more. What Python has read of it is answered with `status`. */
  lost(channel: Channel, status: 502 | 504): void {
    const { lost, unread } = channel.destroy()
    lost?.lost(status)
    if (unread) this.#queue.putBack(unread)
  }

  /** A process may have become free: it gets what waits. */
  next(): void {
    while (this.#queue.size > 0) {
      const free = this.#free()
      if (!free) return
      const call = this.#queue.take()
      if (call?.isWanted) this.#run(call, free)
    }
  }

  /** An answer is complete: unless the end of its request takes long, what waits for longest is sent behind it. */
  answered(process: PythonProcess, channel: Channel): void {
    const { isHolder, loop, requests, lastRequest } = process
    if (isHolder && !loop && requests < lastRequest) this.idle(process, channel)
  }

  /** A channel of a process that serves is free, or about to be: it gets what waits for longest. */
  idle(process: PythonProcess, channel: Channel): void {
    if (!channel.isFree && !channel.isEnding) return
    for (let call = this.#queue.take(); call; call = this.#queue.take()) {
      if (call.isWanted) return this.#run(call, { process, channel })
    }
  }

  /** Of the processes with the fewest requests, the one that was used last: its caches are warm. */
  #free(): Free | undefined {
    let best: PythonProcess | undefined
    let least = Number.POSITIVE_INFINITY
    for (const process of this.#processes) {
      if (process.state !== 'serving') continue
      const { busy } = process
      if (busy > least || !process.hasRoom) continue
      best = process
      least = busy
    }
    const channel = best?.freeChannel
    return best && channel && { process: best, channel }
  }

  #run(call: Call, { process, channel }: Free): void {
    process.requests++
    this.#processes.delete(process)
    this.#processes.add(process)
    call.start(channel)
  }
}

import { url as inspectorUrl } from 'node:inspector'
import type { EventLoopUtilization } from 'node:perf_hooks'
import type { Figures, FromWorker } from './protocol.js'

/** The longest pause between two beats, in milliseconds. */
const LONGEST_PAUSE = 1000
/** Beats within one `timeout`, so that one late beat never looks like a hang. */
const BEATS_PER_TIMEOUT = 4

export type Beat = Extract<FromWorker, { type: 'beat' }>

/** The figures that the worker itself counts. */
type OwnFigures = Omit<Figures, 'rss' | 'utilisation'>

/** Sends a beat at least once a second: the event loop turns, and these are its figures. */
export class Heartbeat {
  readonly #send: (beat: Beat) => void
  readonly #figures: () => OwnFigures
  readonly #timer: NodeJS.Timeout
  /** At the last beat. Not read before the first one, when the worker is ready: Node loads a module for it. */
  #loop: EventLoopUtilization | undefined

  /** @param timeout  of the worker in milliseconds, 0 for never */
  constructor(timeout: number, figures: () => OwnFigures, send: (beat: Beat) => void) {
    this.#figures = figures
    this.#send = send
    const pause = timeout > 0 ? Math.min(LONGEST_PAUSE, timeout / BEATS_PER_TIMEOUT) : LONGEST_PAUSE
    this.#timer = setInterval(() => this.beat(), pause).unref()
  }

  beat(): void {
    const loop = performance.eventLoopUtilization()
    const { utilization } = this.#loop ? performance.eventLoopUtilization(loop, this.#loop) : loop
    this.#loop = loop
    const figures = { ...this.#figures(), utilisation: utilization, ...memory() }
    this.#send({ type: 'beat', figures, debugged: inspectorUrl() !== undefined })
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** Node opens a file for it, so without a free descriptor the figure cannot be had. */
function memory(): { rss?: number } {
  try {
    return { rss: process.memoryUsage.rss() }
  } catch {
    return {}
  }
}

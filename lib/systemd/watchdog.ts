type Environment = Readonly<Record<string, string | undefined>>

/** How often systemd's watchdog is fed within its time. */
const TIMES = 3
const SHORTEST = 2000

/** systemd's watchdog, WatchdogSec= of a unit: without `WATCHDOG=1` for that long it ends the service. */
export class SystemdWatchdog {
  /** Its time, in milliseconds. */
  readonly limit: number
  #fed = Number.NEGATIVE_INFINITY

  /** @returns undefined if it is off, or watches another process (sd_watchdog_enabled(3)) */
  static of({ WATCHDOG_USEC, WATCHDOG_PID }: Environment): SystemdWatchdog | undefined {
    const limit = Number(WATCHDOG_USEC) / 1000
    const isOurs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid
    return limit > 0 && Number.isFinite(limit) && isOurs ? new SystemdWatchdog(limit) : undefined
  }

  private constructor(limit: number) {
    this.limit = limit
  }

  /** How old the beats may be for which it is fed, in milliseconds: workers send one a second. */
  get patience(): number {
    return Math.max(SHORTEST, this.limit / 2)
  }

  /** Whether it is time to feed it. @param now  of a monotonic clock, in milliseconds */
  isDue(now: number): boolean {
    return now - this.#fed >= this.limit / TIMES
  }

  feed(now: number): void {
    this.#fed = now
  }
}

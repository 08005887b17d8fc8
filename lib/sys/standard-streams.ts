/** Called once for each stream. */
type OnBroken = (loss: { name: 'standard output' | 'standard error'; error: Error }) => void

const STREAMS = [
  ['stdout', 'standard output'],
  ['stderr', 'standard error'],
] as const

/**
 * From now on, a standard stream that cannot be written any more (its reader is gone, its terminal is closed, its disk
 * is full) costs the lines that are written to it, by `console.log` say, and not the process. The streams are not
 * opened for that, since Node would make a pipe non-blocking for all processes that share it.
 */
export function surviveBrokenStreams(onBroken: OnBroken): void {
  for (const [key, name] of STREAMS) {
    const property = Object.getOwnPropertyDescriptor(process, key)
    // If it is not as Node has made it, it belongs to the code that has replaced it.
    if (!property?.get || !property.configurable) continue
    const open: () => NodeJS.WriteStream = property.get
    const openGuarded = (): NodeJS.WriteStream => {
      const stream = open()
      Object.defineProperty(process, key, property)
      let isKnown = false
      stream.on('error', error => {
        if (!isKnown) onBroken({ name, error })
        isKnown = true
      })
      return stream
    }
    Object.defineProperty(process, key, { ...property, get: openGuarded })
    // A preload may have opened it already; then `console` has it and asks no more.
    if (process.execArgv.length > 0 || process.env.NODE_OPTIONS) openGuarded()
  }
}

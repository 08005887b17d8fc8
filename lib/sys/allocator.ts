import { declareCall } from './libc.js'

const mallocTrim = declareCall('int malloc_trim(size_t kept)')

let isKnown = true

/**
 * Gives back to the system what the C library keeps of freed memory (malloc_trim(3)). It takes a few milliseconds. Does
 * nothing if there is no such call: glibc alone has it.
 */
export function giveBackMemory(): void {
  if (!isKnown) return
  try {
    mallocTrim(0)
  } catch {
    isKnown = false
  }
}

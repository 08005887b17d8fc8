import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import { isatty } from 'node:tty'
import { statOfDescriptor } from './stat.js'

/**
 * Gives up a terminal that was closed. At the end of a process Node resets the terminal that it was started in, and
 * aborts if that fails. To be called before the end.
 */
export function leaveClosedTerminal(): void {
  for (const fd of [0, 1, 2]) {
    if (!isClosedTerminal(fd)) continue
    closeSync(fd)
    openSync(devNull, 'r+') // takes the lowest number that is free: this one
  }
}

/** A character device that is no terminal any more; or the null device, which the same may be done to. */
function isClosedTerminal(fd: number): boolean {
  try {
    return statOfDescriptor(fd).isCharacterDevice() && !isatty(fd)
  } catch {
    return false // not open
  }
}

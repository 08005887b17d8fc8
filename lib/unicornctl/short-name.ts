import { closeSync, openSync } from 'node:fs'
import { LONGEST_PATH } from '../listeners/address.js'

/** Opens a file of any kind, without access to its content. Linux only. */
const O_PATH = 0o10000000

/**
 * Returns a name of a socket that fits into an address, however deep its directory is: Node shortens a longer one
 * without a word. @throws system errors
 */
export function shortName(path: string): { readonly name: string; readonly close: () => void } {
  if (Buffer.byteLength(path) <= LONGEST_PATH || process.platform !== 'linux') return { name: path, close: () => {} }
  const fd = openSync(path, O_PATH)
  return { name: `/proc/self/fd/${fd}`, close: () => closeSync(fd) }
}

import { closeSync } from 'node:fs'
import { declareCall, duplicate } from './libc.js'

const RLIMIT_NOFILE = process.platform === 'linux' ? 7 : 8
const getrlimit = declareCall('int getrlimit(int resource, uint8_t *limits)')
/** `struct rlimit`: the soft limit, which counts, and the hard one. */
const limits = Buffer.alloc(16)

/**
 * Returns how many descriptors this process may have, by the soft limit of RLIMIT_NOFILE. Node raises that to the hard
 * limit when it starts; others may change it at any time (prlimit). Infinity if it cannot be had.
 */
export function descriptorLimit(): number {
  return getrlimit(RLIMIT_NOFILE, limits) === 0 ? Number(limits.readBigUInt64LE()) : Number.POSITIVE_INFINITY
}

/**
 * Returns the number that the `count`th descriptor to be opened would get, which is the lowest that is free, or
 * Infinity if there are not so many. Duplicates `fd` for that.
 */
export function nextDescriptor(fd: number, count: number): number {
  const taken: number[] = []
  try {
    while (taken.length < count) taken.push(duplicate(fd))
    return taken.at(-1) ?? Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  } finally {
    for (const one of taken) closeSync(one)
  }
}

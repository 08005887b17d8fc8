import { type BigIntStats, fstatSync, lstatSync } from 'node:fs'
import { errorCode } from '../errors.js'

/*
 * For a path or a descriptor that may be a pipe or a socket, always use stat with big integers. In Node 20 (not from 22
 * on), realpathSync reads the result that the last plain stat has left behind: if that was a pipe or a socket, it does
 * not resolve the rest of the path, and modules behind a symbolic link would be loaded twice.
 */

/** A directory of the path may be missing too, or be a file. */
const ABSENT: readonly unknown[] = ['ENOENT', 'ENOTDIR']

export function statOfDescriptor(fd: number): BigIntStats {
  return fstatSync(fd, { bigint: true })
}

/** @returns undefined if nothing is there; for a symbolic link, the link itself, not its target */
export function statOfPath(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true })
  } catch (error) {
    if (ABSENT.includes(errorCode(error))) return undefined
    throw error
  }
}

import { type BigIntStats, fstatSync, lstatSync } from 'node:fs'

/*
 * What may be a pipe or a socket is asked for with big integers only: Node's realpathSync looks at what the last plain stat has
 * left behind, takes the rest of any path for real after a pipe or a socket (Node 20; not from 22 on), and modules behind a
 * symbolic link would be loaded twice.
 */

export function statOfDescriptor(fd: number): BigIntStats {
  return fstatSync(fd, { bigint: true })
}

/** @returns undefined where there is nothing; a symbolic link itself, not what it leads to */
export function statOfPath(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })
}

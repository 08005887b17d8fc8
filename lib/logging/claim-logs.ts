import { closeSync, constants, fchownSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import { standardDescriptor } from './standard.js'

/** Fails if anything is there, also a link that leads nowhere. */
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

/**
 * Makes the log files that are not there yet, and gives them to the user that the workers run as. What is there is left
 * alone: in a directory that this user may write, a link could lead to any file of root's. Never throws: whether a log
 * can be opened is seen when it is opened.
 */
export function claimLogs(
  { errorlog, accesslog }: { errorlog: string; accesslog: string | undefined },
  { uid, gid }: { uid: number; gid: number },
): void {
  const paths = [
    standardDescriptor({ path: errorlog, standard: 2 }) ? undefined : errorlog,
    accesslog !== undefined && standardDescriptor({ path: accesslog, standard: 1 }) ? undefined : accesslog,
  ]
  for (const path of paths) if (path !== undefined) claim(resolve(path), uid, gid)
}

function claim(path: string, uid: number, gid: number): void {
  try {
    const fd = openSync(path, CREATE, 0o644)
    try {
      fchownSync(fd, uid, gid)
    } finally {
      closeSync(fd)
    }
  } catch {}
}

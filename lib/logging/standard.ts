import { constants, openSync, readlinkSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { statOfDescriptor } from '../sys/stat.js'

/** With O_NONBLOCK a FIFO without a reader fails at once (ENXIO), and a full one gives EAGAIN instead of blocking. */
export const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NOCTTY | constants.O_NONBLOCK

/** How many symbolic links a path is followed through, as the kernel does. */
const MOST_LINKS = 40

/**
 * Returns the standard descriptor that is meant by `-`, or by any path that leads to `/dev/stdout`, `/dev/stderr` or
 * their descriptors: as paths they could not be opened if they are sockets, and each opening would have an offset of
 * its own. Descriptors beyond these two are not the same in all processes.
 */
export function standardDescriptor({ path, standard }: { path: string; standard: 1 | 2 }): 1 | 2 | undefined {
  if (path === '-') return standard
  for (let name = resolve(path), links = 0; links < MOST_LINKS; links++) {
    const [, stream, fd] = /^\/(?:dev\/std(out|err)|(?:dev|proc\/(?:self|thread-self))\/fd\/([12]))$/.exec(name) ?? []
    if (stream !== undefined || fd !== undefined) return stream === 'out' || fd === '1' ? 1 : 2
    const target = linkTarget(name)
    if (target === undefined) return undefined
    name = resolve(dirname(name), target)
  }
  return undefined
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** The descriptors that stand for standard output and error, if a process has others as its own. */
export type Standards = Readonly<Record<1 | 2, number>>

/** Opens a standard descriptor. `borrowed` says that it is the inherited one, which is not closed. */
export function openStandard(standard: 1 | 2, standards?: Standards): { name: string; fd: number; borrowed: boolean } {
  const name = standard === 1 ? 'standard output' : 'standard error'
  const inherited = standards?.[standard] ?? standard
  const own = openOwn(inherited)
  return { name, fd: own ?? inherited, borrowed: own === undefined }
}

/**
 * Opens a non-blocking descriptor of our own for a standard descriptor that is a pipe or a terminal. Without it, a
 * reader that stops reading would block the server in write(2). O_NONBLOCK on the inherited descriptor would affect all
 * processes that share it.
 * @returns undefined if it is neither, or if the system or its permissions do not allow it
 */
function openOwn(fd: number): number | undefined {
  try {
    const stat = statOfDescriptor(fd)
    if (!stat.isFIFO() && !stat.isCharacterDevice()) return undefined
    return openSync(`/proc/self/fd/${fd}`, APPEND)
  } catch {
    return undefined
  }
}

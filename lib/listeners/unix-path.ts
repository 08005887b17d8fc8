import { closeSync, openSync, renameSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { errorCode, UnicornError } from '../errors.js'
import { bindUnix } from '../sys/socket-calls.js'
import { statOfPath } from '../sys/stat.js'
import { LONGEST_PATH } from './address.js'

/** Opens a file of any kind, without access to its content. Linux only. */
const O_PATH = 0o10000000

/**
 * Binds a socket that listens at `path` from the moment in which it is there: `listen` is called with another name of
 * it, which is renamed then. The rename also replaces a dead server's socket without a moment in which there is none.
 * @throws UnicornError if a live server listens at the path, or if it is no socket; system errors
 */
export async function bindAtPath<T>(path: string, listen: (fd: number, temporary: string) => T): Promise<T> {
  await refuseLiveOrForeign(path)
  const temporary = `${dirname(path)}/.unicorn-${process.pid}.tmp`
  rmSync(temporary, { force: true })
  try {
    const listener = listen(withShortName(dirname(path), temporary, bindUnix), temporary)
    renameSync(temporary, path)
    return listener
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Calls `use` with a name that fits into an address, however deep the directory is. */
function withShortName<T>(directory: string, path: string, use: (path: string) => T): T {
  if (Buffer.byteLength(path) <= LONGEST_PATH) return use(path)
  const fd = openSync(directory, O_PATH)
  try {
    return use(`/proc/self/fd/${fd}${path.slice(directory.length)}`)
  } finally {
    closeSync(fd)
  }
}

/** Throws if the path is no socket, or if a live server listens on it: such a path is never taken over. */
async function refuseLiveOrForeign(path: string): Promise<void> {
  const found = statOfPath(path)
  if (!found) return
  if (!found.isSocket()) {
    throw new UnicornError(`unix:${path} exists and is no socket`, { found: 'another kind of file', where: path })
  }
  if (!(await answers(path))) return
  const fault = { found: 'a live server', wanted: 'a free path or the socket of a dead server', where: path }
  throw new UnicornError(`unix:${path} is in use: a live server listens on it`, fault)
}

/** Returns whether a server listens. Only a dead one's socket gives ECONNREFUSED; a full queue, say, gives EAGAIN. */
async function answers(path: string): Promise<boolean> {
  if (Buffer.byteLength(path) <= LONGEST_PATH) return answersAt(path)
  const fd = openSync(path, O_PATH)
  try {
    return await answersAt(`/proc/self/fd/${fd}`)
  } finally {
    closeSync(fd)
  }
}

function answersAt(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    const done = (alive: boolean): void => {
      socket.destroy()
      resolve(alive)
    }
    socket.once('connect', () => done(true))
    socket.once('error', error => done(errorCode(error) !== 'ECONNREFUSED'))
  })
}

import { type FileHandle, open, unlink } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errorCode, toError } from '../errors.js'
import type { Call, Options, Report } from './command.js'
import { CtlExit, Failure } from './failure.js'

/** For the owner alone: what is in a heap may be secret. */
const MODE = 0o600
const LONGEST_PROFILE = 300
const STANDARD_OUTPUT = '-'

export function saveProfile(call: Call, worker: string): Promise<Report | undefined> {
  return save(call, `/workers/${worker}/profile?seconds=${secondsOf(call.options)}`, `worker-${worker}.cpuprofile`)
}

export function saveHeapSnapshot(call: Call, worker: string): Promise<Report | undefined> {
  return save(call, `/workers/${worker}/heap-snapshot`, `worker-${worker}.heapsnapshot`)
}

/** @throws Failure if it is no number up to 300 */
export function secondsOf(options: Options): number {
  const given = options.text('seconds') ?? '10'
  const seconds = Number(given)
  if (given.trim() !== '' && seconds > 0 && seconds <= LONGEST_PROFILE) return seconds
  throw new Failure(`--seconds: found ${given}, wanted a number up to ${LONGEST_PROFILE}`, CtlExit.usage)
}

/** Writes an answer to a new file, of which nothing is left if it does not come whole. */
async function save(
  { client, options, surroundings }: Call,
  target: string,
  usual: string,
): Promise<Report | undefined> {
  const name = options.text('output') ?? usual
  const pieces = client.stream(target, surroundings.warn)
  if (name === STANDARD_OUTPUT) {
    for await (const piece of pieces) await surroundings.print(piece)
    return undefined
  }
  const path = resolve(surroundings.cwd, name)
  // Before the server is asked: a file that cannot be written is not to cost a profile.
  const file = await local(path, () => open(path, 'wx', MODE))
  try {
    const size = await copy(pieces, path, file)
    return { json: { file: path, size }, text: `wrote ${name}, ${size} bytes\n` }
  } catch (error) {
    await unlink(path).catch(() => {}) // what stands in the way, the error before it says
    throw error
  }
}

/** Returns the number of bytes. */
async function copy(pieces: AsyncIterable<Buffer>, path: string, file: FileHandle): Promise<number> {
  let size = 0
  try {
    for await (const piece of pieces) {
      await local(path, () => file.writeFile(piece))
      size += piece.length
    }
  } finally {
    await local(path, () => file.close())
  }
  return size
}

const HINTS: Readonly<Record<string, string>> = {
  EEXIST: 'it is there already, and is left as it is; -o names another file',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'this user may not write there',
  ENOENT: 'there is no such directory',
}

async function local<Value>(path: string, action: () => Promise<Value>): Promise<Value> {
  try {
    return await action()
  } catch (error) {
    const why = HINTS[errorCode(error) ?? ''] ?? toError(error).message
    throw new Failure(`${path} cannot be written: ${why}`, CtlExit.failed)
  }
}

import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { toError } from '../../errors.js'
import type { Examination, FileFound, Finding, StackFound } from '../examination.js'
import { SNAPSHOT_TIME } from '../protocol.js'
import { describeFrames } from './describe-frames.js'
import { lookAtMainThread, requestsOfMainThread } from './main-thread.js'

/** How long a look may take, in milliseconds: on a busy machine the main thread takes its time to stop. */
const LOOK_TIME = 5000
/** How long a main thread that turns may take to say what it runs, in milliseconds. */
const TABLE_TIME = 300
/** How long the main thread may take to begin, or to end, what it was asked for, in milliseconds. */
const ANSWER_TIME = 10_000

/** Looks into the main thread of this process. Never rejects. */
export async function examine(examination: Examination): Promise<Finding> {
  try {
    switch (examination.what) {
      case 'stack':
        return await stack()
      case 'requests':
        return await requests()
      case 'profile':
        return await profile(examination.seconds, examination.directory)
      case 'heap-snapshot':
        return await heapSnapshot(examination.directory)
    }
  } catch (error) {
    return { failure: toError(error).message }
  }
}

async function stack(): Promise<StackFound> {
  const seen = await lookAtMainThread(LOOK_TIME, true)
  if ('waited' in seen) return { state: seen.asleep ? 'asleep' : 'unknown', stack: [] }
  const { frames, inFlight } = seen
  return { state: frames.length === 0 ? 'idle' : 'busy', stack: describeFrames(frames), ...(inFlight && { inFlight }) }
}

async function requests(): Promise<StackFound> {
  const inFlight = await requestsOfMainThread(TABLE_TIME)
  return inFlight ? { state: 'turning', stack: [], inFlight } : stack()
}

/** Samples the stack of the main thread for a while, each millisecond. */
function profile(seconds: number, directory: string): Promise<FileFound> {
  return withSession(async session => {
    const give = writerOf(directory, 'cpuprofile')
    try {
      await inTime(session.post('Profiler.enable'), ANSWER_TIME)
      await inTime(session.post('Profiler.start'), ANSWER_TIME)
      await sleep(seconds * 1000)
      const { profile } = await inTime(session.post('Profiler.stop'), ANSWER_TIME)
      give.write(JSON.stringify(profile))
      return give.end()
    } catch (error) {
      throw give.drop(error)
    }
  })
}

/** Writes each piece as it comes: a heap may be larger than what this thread may hold. */
function heapSnapshot(directory: string): Promise<FileFound> {
  return withSession(async session => {
    const give = writerOf(directory, 'heapsnapshot')
    try {
      session.on('HeapProfiler.addHeapSnapshotChunk', ({ params }) => give.write(params.chunk))
      await inTime(session.post('HeapProfiler.takeHeapSnapshot', { reportProgress: false }), SNAPSHOT_TIME)
      return give.end()
    } catch (error) {
      throw give.drop(error)
    }
  })
}

async function withSession<T>(use: (session: Session) => Promise<T>): Promise<T> {
  const session = new Session()
  session.connectToMainThread()
  try {
    return await use(session)
  } finally {
    session.disconnect()
  }
}

/** @throws Error if the main thread does not answer: in native code nothing reaches it */
async function inTime<T>(answer: Promise<T>, limit: number): Promise<T> {
  const over = new AbortController()
  const late = sleep(limit, undefined, { signal: over.signal }).then(() => {
    throw new Error(`the main thread did not answer within ${limit / 1000} s: it may be in native code, or starved`)
  })
  late.catch(() => {}) // if the answer comes first
  try {
    return await Promise.race([answer, late])
  } finally {
    over.abort()
  }
}

/** A file for its owner alone. A failure to write is kept until the end, since it comes in the midst of an event. */
function writerOf(directory: string, extension: string) {
  const path = join(directory, `unicorn-${process.pid}-${process.hrtime.bigint()}.${extension}`)
  const fd = openSync(path, 'wx', 0o600)
  let failure: unknown
  const drop = (error: unknown): Error => {
    closeSync(fd)
    unlinkSync(path)
    return toError(error)
  }
  return {
    write: (text: string): void => {
      try {
        if (failure === undefined) writeSync(fd, text)
      } catch (error) {
        failure = error
      }
    },
    end: (): FileFound => {
      if (failure !== undefined) throw failure
      closeSync(fd)
      return { file: path }
    },
    drop,
  }
}

import { closeSync, constants, openSync, unlinkSync, writeSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode, toError } from '../../errors.js'
import type { Examination, Finding, StackFound } from '../examination.js'
import { SNAPSHOT_TIME } from '../protocol.js'
import { describeFrames, isIdle } from './describe-frames.js'
import { lookAtMainThread, mainThreadTurns, processesOfMainThread, requestsOfMainThread } from './main-thread.js'

/** How long a look may take, in milliseconds: on a busy machine the main thread takes its time to stop. */
const LOOK_TIME = 5000
/** How long a main thread that turns may take to say what it runs, in milliseconds. */
const TABLE_TIME = 300
/** How long the processes of its application may take to write their stacks, in milliseconds. */
const PROCESSES_TIME = 4000
/** How long the main thread may take to begin, or to end, what it was asked for, in milliseconds. */
const ANSWER_TIME = 10_000
/** How long others may have the inspector before, in milliseconds. */
const TURN_TIME = 3000

const TAKEN =
  'others look into this worker already, and are not done: its main thread may be in native code, or starved'

/** Looks into the main thread of this process. Never rejects. */
export async function examine(examination: Examination): Promise<Finding> {
  try {
    switch (examination.what) {
      case 'stack':
        return await sharedLook('stack', examination.hasProcesses ? stackWithProcesses : stack)
      case 'requests':
        return await sharedLook('requests', requests)
      case 'profile':
        return await profile(examination.seconds, examination.file)
      case 'heap-snapshot':
        return await heapSnapshot(examination.file)
    }
  } catch (error) {
    return { failure: toError(error).message }
  }
}

/** The looks that have not begun. */
const waiting = new Map<string, Promise<StackFound>>()

/** Those who ask while others look wait for the next look, and share it. */
function sharedLook(what: string, look: () => Promise<StackFound>): Promise<StackFound> {
  const next = waiting.get(what)
  if (next) return next
  const begin = (): Promise<StackFound> => {
    waiting.delete(what)
    return look()
  }
  const found = inTurn(begin).finally(() => waiting.get(what) === found && waiting.delete(what))
  waiting.set(what, found)
  return found
}

/** @throws Error if others do not give the inspector back */
async function inTurn<Result>(use: () => Promise<Result>): Promise<Result> {
  const result = await mainThreadTurns.take(async () => [await use()] as const, { limit: TURN_TIME })
  if (!result) throw new Error(TAKEN)
  return result[0]
}

async function stack(): Promise<StackFound> {
  const seen = await lookAtMainThread(LOOK_TIME, true)
  if ('waited' in seen) return { state: seen.asleep ? 'asleep' : 'unknown', stack: [] }
  const { frames, inFlight } = seen
  const idle = isIdle(seen)
  return { state: idle ? 'idle' : 'busy', stack: idle ? [] : describeFrames(frames), ...(inFlight && { inFlight }) }
}

async function stackWithProcesses(): Promise<StackFound> {
  const found = await stack()
  const processes =
    found.state === 'idle' || found.state === 'busy' ? await processesOfMainThread(PROCESSES_TIME) : undefined
  return { ...found, ...(processes && { processes }) }
}

async function requests(): Promise<StackFound> {
  const inFlight = await requestsOfMainThread(TABLE_TIME)
  return inFlight ? { state: 'turning', stack: [], inFlight } : stack()
}

/** Samples the stack of the main thread for a while, each millisecond. */
function profile(seconds: number, file: string): Promise<Finding> {
  return withSession(async session => {
    const output = new Output(file)
    try {
      await inTurn(async () => {
        await inTime(session.post('Profiler.enable'), ANSWER_TIME)
        await inTime(session.post('Profiler.start'), ANSWER_TIME)
      })
      await sleep(seconds * 1000)
      const { profile } = await inTurn(() => inTime(session.post('Profiler.stop'), ANSWER_TIME))
      output.write(JSON.stringify(profile))
      return output.end()
    } finally {
      output.close()
    }
  })
}

/** Writes each piece as it comes: a heap may be larger than what this thread may hold. */
function heapSnapshot(file: string): Promise<Finding> {
  return withSession(async session => {
    const output = new Output(file)
    try {
      session.on('HeapProfiler.addHeapSnapshotChunk', ({ params }) => output.write(params.chunk))
      await inTurn(() =>
        inTime(session.post('HeapProfiler.takeHeapSnapshot', { reportProgress: false }), SNAPSHOT_TIME),
      )
      return output.end()
    } finally {
      output.close()
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

/** A file that is there, and no link. A failure to write comes in the midst of an event, and is kept until the end. */
class Output {
  readonly #path: string
  readonly #fd: number
  #failure: unknown

  constructor(path: string) {
    this.#path = path
    this.#fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW)
    try {
      unlinkSync(path)
    } catch {
      // Its owner, who has it open too, does that as well, but may be killed before.
    }
  }

  write(text: string): void {
    try {
      const bytes = Buffer.from(text)
      // A disk that has room for a part takes that.
      for (let at = 0; this.#failure === undefined && at < bytes.length; ) at += writeSync(this.#fd, bytes, at)
    } catch (error) {
      this.#failure = error
    }
  }

  /** @throws Error if a part of it could not be written */
  end(): Finding {
    if (this.#failure === undefined) return { written: true }
    const why = errorCode(this.#failure) === 'ENOSPC' ? 'the disk is full' : toError(this.#failure).message
    throw new Error(`${this.#path} cannot be written: ${why}`, { cause: this.#failure })
  }

  close(): void {
    closeSync(this.#fd)
  }
}

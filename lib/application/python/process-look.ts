import type { ProcessStack } from '../application.js'
import type { PythonProcess } from './python-process.js'
import type { Thread } from './running.js'
import { PythonStack } from './stacks.js'

/** How many requests of a loop are told. */
const MOST_REQUESTS = 10

/** A thread that does something, and for which requests: a loop may run many. */
interface Busy extends Pick<ProcessStack['threads'][number], 'requests'> {
  readonly thread: Thread
}

/** Looks where processes are, which go on. @param directory  of the application: paths are shown relative to it */
export async function lookInto(processes: readonly PythonProcess[], directory: string): Promise<ProcessStack[]> {
  const stacks = await Promise.all(processes.map(process => stackOf(process, directory)))
  return stacks.sort((one, other) => one.index - other.index)
}

async function stackOf(process: PythonProcess, directory: string): Promise<ProcessStack> {
  const { pid, index, state } = process
  const threads: ProcessStack['threads'][number][] = []
  for (const { thread, requests } of busyThreads(process)) {
    threads.push({ requests, stack: new PythonStack(await process.dump.askOne(thread), directory).frames })
  }
  return { pid, index, state, threads }
}

function busyThreads({ pid, state, loop, threads, channels }: PythonProcess): Busy[] {
  if (state === 'gone') return []
  // It imports the application, in its first thread.
  if (state === 'starting') return pid > 0 ? [{ thread: { ident: '', asked: null, id: pid }, requests: [] }] : []
  const running = channels.map(({ job, busyFor }, place) => {
    const requests = job ? [{ method: job.facts.method, path: job.facts.path, age: Math.round(busyFor) }] : []
    return { thread: threads[place], requests }
  })
  const [first] = threads
  if (loop && first) {
    const requests = running.flatMap(each => each.requests).sort((one, other) => other.age - one.age)
    return [{ thread: first, requests: requests.slice(0, MOST_REQUESTS) }]
  }
  return running.flatMap(({ thread, requests }) => (thread && requests.length > 0 ? [{ thread, requests }] : []))
}

import type { ProcessFigures } from '../../../config/hooks.js'
import { now } from '../../sys/clock.js'
import { processStat } from '../../sys/process-stat.js'
import type { PythonProcess } from './python-process.js'

/** Among the fields of a process: its resident pages, and the bytes of one. */
const RSS = 21
const PAGE_SIZE = 4096

/** What the snapshot has of a process. */
export function figuresOf({ pid, index, state, requests, busy, since, channels }: PythonProcess): ProcessFigures {
  const rss = residentMemory(pid)
  const epoch = (time: number): number => Math.round(Date.now() + time - now())
  const busyFor = Math.max(...channels.map(channel => channel.busyFor))
  return {
    pid,
    index,
    state,
    since: epoch(since),
    requests,
    busy,
    ...(busy > 0 && { busySince: epoch(now() - busyFor) }),
    ...(rss !== undefined && { rss }),
  }
}

/** In bytes; undefined if it cannot be told. */
export function residentMemory(pid: number): number | undefined {
  const pages = processStat(pid)?.[RSS]
  return pages === undefined ? undefined : Number(pages) * PAGE_SIZE
}

import { readFileSync } from 'node:fs'
import { descriptorsOf } from '../helpers/process.js'

/** Where the columns of /proc/net/tcp stand (proc(5)). */
const REMOTE = 2
const INODE = 9

/**
 * The clients' ports of all TCP connections that a process holds. It must be stopped, so that the answer stays true.
 */
export function clientPortsOf(pid: number): Set<number> {
  const sockets = new Set(
    [...descriptorsOf(pid).values()].map(target => /^socket:\[(\d+)\]$/.exec(target)?.[1]).filter(Boolean),
  )
  const ports = new Set<number>()
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const columns = line.trim().split(/\s+/)
    if (!sockets.has(columns[INODE])) continue
    ports.add(Number.parseInt(columns[REMOTE]?.split(':')[1] ?? '', 16))
  }
  return ports
}

import { readFileSync } from 'node:fs'

/** A CPU for the server alone, and one for the client alone. */
export interface Cpus {
  readonly server: number
  readonly client: number
}

/** The first two CPUs that this process may use; undefined if it has only one. Linux only. */
export function twoCpus(): Cpus | undefined {
  const list = /^Cpus_allowed_list:\s+(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  const [server, client] = parseCpus(list)
  return server === undefined || client === undefined ? undefined : { server, client }
}

/** `0-1,4` as numbers (cpuset(7), "List format"). */
export function parseCpus(list: string): number[] {
  return list.split(',').flatMap(range => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

/** `command`, which may use no other CPU than this one, nor may its children. */
export function pinned(command: readonly string[], cpu: number): string[] {
  return ['taskset', '--cpu-list', String(cpu), ...command]
}

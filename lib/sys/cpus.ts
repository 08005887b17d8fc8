import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, posix } from 'node:path'

/**
 * Returns how many CPUs this process may use: as many as the scheduler allows, but no more than the CPU quota of its
 * control group (a container's `--cpus 1.5`), rounded up; at least 1.
 * @param root the directory that holds `proc` and `sys`
 */
export function availableCpus(root = '/'): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(cgroupCpus(root))))
}

/** Returns the tightest quota of this process's control group and those above it, in CPUs (1.5, say), or Infinity. */
export function cgroupCpus(root = '/'): number {
  const memberships = read(join(root, 'proc/self/cgroup'))?.trim().split('\n') ?? []
  return Math.min(Number.POSITIVE_INFINITY, ...memberships.flatMap(line => quotas(root, line)))
}

/** @param membership a line of /proc/self/cgroup: `0::/path` (cgroup v2) or `4:cpu,cpuacct:/path` (v1) */
function quotas(root: string, membership: string): number[] {
  const [, controllers = '', ...rest] = membership.split(':')
  const groups = withParents(rest.join(':'))
  if (controllers === '') return groups.map(group => quotaV2(join(root, 'sys/fs/cgroup', group)))
  if (!controllers.split(',').includes('cpu')) return []
  // The directory may name its controllers in another order than the kernel does. There is a link for each, too.
  return [controllers, 'cpu'].flatMap(name => groups.map(group => quotaV1(join(root, 'sys/fs/cgroup', name, group))))
}

/** Returns a group and those above it. In a container the path may be the host's, of which only the root is mounted. */
function withParents(path: string): string[] {
  const parent = posix.dirname(path)
  return parent === path || path === '' ? [path] : [...withParents(parent), path]
}

function quotaV2(directory: string): number {
  const [quota, period] = read(join(directory, 'cpu.max'))?.trim().split(/\s+/) ?? []
  return cpus(Number(quota || Number.NaN), Number(period || Number.NaN))
}

function quotaV1(directory: string): number {
  const quota = Number(read(join(directory, 'cpu.cfs_quota_us')) ?? -1)
  const period = Number(read(join(directory, 'cpu.cfs_period_us')) ?? 100_000)
  return quota > 0 ? cpus(quota, period) : Number.POSITIVE_INFINITY
}

/** A quota is a hint: one that cannot be understood (`max`, an empty file, a period of 0) counts as none. */
function cpus(quota: number, period: number): number {
  return quota >= 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY
}

/** @returns undefined if there is no such file, or if it cannot be read, for whatever reason */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

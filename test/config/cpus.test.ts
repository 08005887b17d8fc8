import { availableParallelism } from 'node:os'
import t, { type Test } from 'tap'
import { availableCpus, cgroupCpus } from '../../lib/sys/cpus.js'

interface Tree {
  membership: string
  groups: Record<string, Record<string, string>>
}

/** A root directory with /proc/self/cgroup and /sys/fs/cgroup as the kernel would show them. */
function root(t: Test, { membership, groups }: Tree): string {
  const dir = t.testdir({ proc: { self: { cgroup: membership } }, sys: { fs: { cgroup: nested(groups) } } })
  return dir
}

type Directory = { [name: string]: string | Directory }

function nested(groups: Tree['groups']): Directory {
  const top: Directory = {}
  for (const [path, files] of Object.entries(groups)) {
    let directory = top
    for (const name of path.split('/').filter(Boolean)) {
      const next = directory[name] ?? {}
      directory[name] = next
      if (typeof next === 'string') throw new Error(`${name} is a file`)
      directory = next
    }
    Object.assign(directory, files)
  }
  return top
}

t.test('cgroup v2: the tightest quota of the group and those above it', async t => {
  const groups = { '/': {}, '/pod': { 'cpu.max': '150000 100000\n' }, '/pod/app': { 'cpu.max': 'max 100000\n' } }
  const dir = root(t, { membership: '0::/pod/app\n', groups })
  t.equal(cgroupCpus(dir), 1.5)
  t.equal(availableCpus(dir), Math.min(2, availableParallelism()), 'rounded up')
})

t.test('less than one CPU is one worker', async t => {
  const dir = root(t, { membership: '0::/\n', groups: { '/': { 'cpu.max': '20000 100000\n' } } })
  t.equal(cgroupCpus(dir), 0.2)
  t.equal(availableCpus(dir), 1)
})

t.test('cgroup v1: the quota at the root where the host path is not mounted', async t => {
  const quota = { 'cpu.cfs_quota_us': '250000\n', 'cpu.cfs_period_us': '100000\n' }
  const membership = '5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n'
  t.equal(cgroupCpus(root(t, { membership, groups: { '/cpu,cpuacct': quota } })), 2.5)
})

t.test('cgroup v1: controllers in another order than in the name of the directory', async t => {
  const quota = { 'cpu.cfs_quota_us': '50000\n', 'cpu.cfs_period_us': '100000\n' }
  t.equal(cgroupCpus(root(t, { membership: '4:cpuacct,cpu:/pod\n', groups: { '/cpu/pod': quota } })), 0.5)
})

t.test('no quota is no limit', async t => {
  const unlimited = { 'cpu.cfs_quota_us': '-1\n', 'cpu.cfs_period_us': '100000\n' }
  const dir = root(t, { membership: '4:cpu:/\n0::/\n', groups: { '/cpu': unlimited } })
  t.equal(cgroupCpus(dir), Number.POSITIVE_INFINITY)
  t.equal(availableCpus(dir), availableParallelism())
  t.equal(cgroupCpus(t.testdir()), Number.POSITIVE_INFINITY, 'no cgroups at all')
})

t.test('a quota that cannot be understood is no limit', async t => {
  for (const content of ['', '\n', '100000\n', 'garbage\n', 'many 100000\n', '50000 0\n', '-1 100000\n']) {
    const dir = root(t, { membership: '0::/\n', groups: { '/': { 'cpu.max': content } } })
    t.equal(cgroupCpus(dir), Number.POSITIVE_INFINITY, JSON.stringify(content))
    t.equal(availableCpus(dir), availableParallelism())
  }
  const v1 = { 'cpu.cfs_quota_us': 'garbage\n', 'cpu.cfs_period_us': '\n' }
  t.equal(cgroupCpus(root(t, { membership: '4:cpu:/\n', groups: { '/cpu': v1 } })), Number.POSITIVE_INFINITY)
  const directory = t.testdir({ proc: { self: { cgroup: {} } } })
  t.equal(cgroupCpus(directory), Number.POSITIVE_INFINITY, 'what cannot be read')
})

t.test('this machine', async t => {
  t.ok(availableCpus() >= 1 && availableCpus() <= availableParallelism())
})

import { existsSync, rmdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { messages } from '../helpers/messages.js'
import { requireCommand } from '../helpers/require-command.js'
import { run } from '../helpers/run.js'
import { startServer } from '../helpers/server.js'

// How many workers `-w auto` starts in control groups. Of version 1 all is the kernel's. Of version 2 the groups are,
// and the quotas are files in their place, since a machine has the controller of CPU time in one of both versions.

const MACHINE = cpus().length
const PERIOD = 100_000

type Quota = number | 'max'

/** A group within another one. */
interface Groups {
  /** The command in front of another that puts it into the inner one. Both are gone when the test is. */
  readonly through: readonly string[]
  /** The file with the quota of the outer one, as the server sees it, and what is to be in it. */
  readonly file: string
  readonly content: (quota: Quota) => string
}

type MakeGroups = (t: Test, outer: Quota, inner: Quota) => Groups

const nameOf = (t: Test): string => `unicorn-${process.pid}-${t.name.replace(/\W+/g, '-')}`

const shell = (steps: readonly string[]): string[] => ['sh', '-ec', [...steps, 'exec "$@"'].join('\n'), 'sh']

const V1 = '/sys/fs/cgroup/cpu'

const version1: MakeGroups = (t, outer, inner) => {
  const group = join(V1, nameOf(t))
  atEnd(t, () => {
    for (const directory of [join(group, 'inner'), group]) if (existsSync(directory)) rmdirSync(directory)
  })
  const content = (quota: Quota): string => String(quota === 'max' ? -1 : quota * PERIOD)
  const through = shell([
    `mkdir -p ${group}/inner`,
    `echo ${content(outer)} > ${group}/cpu.cfs_quota_us`,
    `echo ${content(inner)} > ${group}/inner/cpu.cfs_quota_us`,
    `echo $$ > ${group}/inner/cgroup.procs`,
  ])
  return { through, content, file: `${group}/cpu.cfs_quota_us` }
}

const UNSHARE = ['unshare', '--mount', '--propagation', 'private']
const MOUNT = 'mount -t cgroup2 cgroup2 /sys/fs/cgroup'

/** In a mount namespace of its own. */
const version2: MakeGroups = (t, outer, inner) => {
  const group = `/sys/fs/cgroup/${nameOf(t)}`
  const remove = `${MOUNT}\nif test -d ${group}; then rmdir ${group}/inner ${group}; fi`
  atEnd(t, () => run([...UNSHARE, 'sh', '-ec', remove], { cwd: '/' }))
  const content = (quota: Quota): string => `${quota === 'max' ? 'max' : quota * PERIOD} ${PERIOD}`
  const steps = shell([
    MOUNT,
    `mkdir -p ${group}/inner`,
    `echo $$ > ${group}/inner/cgroup.procs`,
    'mount -t tmpfs tmpfs /sys/fs/cgroup',
    `mkdir -p ${group}/inner`,
    `echo ${content(outer)} > ${group}/cpu.max`,
    `echo ${content(inner)} > ${group}/inner/cpu.max`,
  ])
  return { through: [...UNSHARE, ...steps], content, file: `${group}/cpu.max` }
}

async function startsWorkers(t: Test, through: readonly string[], workers: number): Promise<void> {
  const server = await startServer(t, { through, workers, args: ['--workers', 'auto'] })
  t.equal(server.logged(messages.booting).length, workers)
}

requireCommand(['unshare', '--mount', 'true'])
requireCommand(['taskset', '--version'])

for (const [name, make] of Object.entries({
  'version 1': existsSync(V1) ? version1 : version2,
  'version 2': version2,
})) {
  t.test(`${name}: a quota is rounded up`, async t => {
    await startsWorkers(t, make(t, 'max', 1.5).through, Math.min(2, MACHINE))
  })

  t.test(`${name}: the quota of the group above counts, as it is at a reload`, async t => {
    const { through, file, content } = make(t, 1, 'max')
    const server = await startServer(t, { through, args: ['--workers', 'auto'] })
    t.equal(server.logged(messages.booting).length, 1)
    writeFileSync(`/proc/${server.pid}/root${file}`, content(MACHINE))
    server.signal('SIGHUP')
    await server.log(messages.reloaded)
    t.equal(server.logged(messages.booting).length, 1 + MACHINE)
  })
}

t.test('without a quota, each CPU on which the server may run has a worker', async t => {
  await startsWorkers(t, ['taskset', '--cpu-list', '0'], 1)
})

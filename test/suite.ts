import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { root } from './helpers/root.js'

// Runs all tests. `tap run` itself would start a process for each file, and load into it a loader that measures
// coverage, even where that is off: that costs more than most of the files. So env(1) takes the loader out.

const TESTS = 'dist/test'

/** Each runs in one process: their files start few servers or none, and take less time than tap does to load. */
const TOGETHER: readonly string[] = ['config', 'gateway', 'http', 'logging', 'sys', 'worker']

/** More than there are processors: most files wait for processes most of the time. */
const JOBS = 4

/** Milliseconds for one process. The helpers give up earlier and say what they waited for. */
const FILE_LIMIT = 120_000
const DIRECTORY_LIMIT = 300_000

const files = readdirSync(join(root, TESTS), { recursive: true, encoding: 'utf8' })
  .filter(file => basename(file).endsWith('.test.js') && !TOGETHER.includes(dirname(file)))
  .sort()
  // The servers' own tests first: the longest are among them, which would else run alone at the end.
  .reverse()

// Each process has its limit, so the whole needs none.
t.setTimeout(0)
t.jobs = JOBS
for (const directory of TOGETHER) run(directory, DIRECTORY_LIMIT, ['directory.js', directory])
for (const file of files) run(file, FILE_LIMIT, [file])

function run(name: string, timeout: number, [file, ...args]: readonly [string, ...string[]]): void {
  const command = ['--unset=NODE_OPTIONS', process.execPath, '--enable-source-maps', join(TESTS, file), ...args]
  t.spawn('env', command, { cwd: root, buffered: true, timeout }, join(TESTS, name))
}

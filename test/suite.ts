import { dirname } from 'node:path'
import t from 'tap'
import { root } from './helpers/root.js'
import { LIMIT, testFiles, testFilesIn } from './helpers/test-files.js'

// Runs all tests. `tap run` itself would start a process for each file, and load into it a loader that measures
// coverage, even where that is off: that costs more than most of the files. So env(1) takes the loader out.

/** Their files start few servers or none, so each of these directories runs in one process. */
const QUICK: readonly string[] = ['config', 'gateway', 'http', 'logging', 'sys', 'worker']

/** How many files of the other directories run in one process: each process loads tap, for 0.3 s of CPU time. */
const TOGETHER = 5

/** More than there are processors: most files wait for processes most of the time. */
const JOBS = 4

const others = [...new Set(testFiles.map(dirname))].filter(directory => !QUICK.includes(directory))

// Each process has its limit, so the whole needs none.
t.setTimeout(0)
t.jobs = JOBS
for (const directory of QUICK) run(directory)
// The servers' own tests first: the longest are among them, which would else run alone at the end.
for (const directory of others.reverse()) {
  const count = Math.ceil(testFilesIn(directory).length / TOGETHER)
  // Files with similar names take about the same time, so they are dealt out.
  for (let share = 1; share <= count; share++) run(directory, `${share}/${count}`)
}

function run(...args: readonly string[]): void {
  const command = ['--unset=NODE_OPTIONS', process.execPath, '--enable-source-maps', 'dist/test/together.js', ...args]
  t.spawn('env', command, { cwd: root, buffered: true, timeout: LIMIT }, args.join(' '))
}

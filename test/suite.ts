import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './helpers/root.js'

// Runs all test files, each in a process of its own. `tap run` itself would load into each process a loader that
// measures coverage, even where that is off, which costs more than most of these files: so env(1) takes it out.

const TESTS = 'dist/test'

/** More than there are processors: most files wait for processes most of the time. */
const JOBS = 3

/** Milliseconds for one file. The helpers give up earlier and say what they waited for. */
const FILE_LIMIT = 120_000

const files = readdirSync(join(root, TESTS), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.test.js'))
  .sort()

// Each file has its limit, so the whole needs none.
t.setTimeout(0)
t.jobs = JOBS
for (const file of files) {
  const name = join(TESTS, file)
  const command = ['--unset=NODE_OPTIONS', process.execPath, '--enable-source-maps', name]
  t.spawn('env', command, { cwd: root, buffered: true, timeout: FILE_LIMIT }, name)
}

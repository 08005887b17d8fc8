import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { root } from '../helpers/root.js'

const run = promisify(execFile)
const examples = join(root, 'docs/examples/worker-class')

t.test('the classes can be had where no worker runs, as in a test of the class', async t => {
  const script = `import { AsyncWorker, SyncWorker, Worker } from 'unicorn/worker'
for (const each of [AsyncWorker, SyncWorker]) console.log(each.name, each.prototype instanceof Worker, each.oneAtATime)`
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
    cwd: examples,
    env: {},
  })
  t.equal(stdout, 'AsyncWorker true false\nSyncWorker true true\n')
  t.equal(stderr, '')
})

t.test('the example compiles with the types of the package', async t => {
  const options = ['--strict', '--noImplicitOverride', '--erasableSyntaxOnly', '--skipLibCheck']
  const module = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node']
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { stdout } = await run(
    tsc,
    ['--ignoreConfig', '--noEmit', ...options, ...module, join(examples, 'limited.ts')],
    { cwd: root },
  )
  t.equal(stdout, '')
})

import { join } from 'node:path'
import t from 'tap'
import { root } from '../helpers/root.js'
import { run } from '../helpers/run.js'

const examples = join(root, 'docs/examples/worker-class')

t.test('the classes can be had where no worker runs, as in a test of the class', async t => {
  const script = `import { AsyncWorker, SyncWorker, Worker } from 'unicorn/worker'
for (const each of [AsyncWorker, SyncWorker]) console.log(each.name, each.prototype instanceof Worker, each.oneAtATime)`
  const output = await run([process.execPath, '--input-type=module', '-e', script], { cwd: examples })
  t.equal(output, 'AsyncWorker true false\nSyncWorker true true\n')
})

t.test('the example compiles with the types of the package', async t => {
  const options = ['--strict', '--noImplicitOverride', '--erasableSyntaxOnly', '--skipLibCheck']
  const module = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node']
  const tsc = [process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '--ignoreConfig', '--noEmit']
  t.equal(await run([...tsc, ...options, ...module, join(examples, 'limited.ts')], { cwd: root }), '')
})

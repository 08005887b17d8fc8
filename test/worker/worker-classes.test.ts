import { join } from 'node:path'
import t from 'tap'
import type { Exchange } from '../../lib/http/exchange.js'
import { LinkedList } from '../../lib/sys/linked-list.js'
import type { Admission, AdmissionHost } from '../../lib/worker/admission/admission.js'
import { workerClass } from '../../lib/worker/admission/registry.js'
import { root } from '../helpers/root.js'
import { run } from '../helpers/run.js'

const examples = join(root, 'docs/examples/worker-class')

/** A host of the test's own, whose inner admission runs each request at once. */
function createHost(ran: Exchange[]): AdmissionHost {
  const host: AdmissionHost = {
    config: Object.create(null),
    log: { debug() {}, info() {}, warn() {}, error() {}, fatal() {} },
    connections: 0,
    exchanges: new LinkedList<Exchange>(),
    receive: () => undefined,
    run: exchange => void ran.push(exchange),
    refuse() {},
    expire() {},
    regulate() {},
    hasPending: () => false,
    reportSettled() {},
    create: (_, overrides) => createInner({ ...host, ...overrides }),
  }
  return host
}

function createInner(host: AdmissionHost): Required<Admission> {
  return {
    traits: { takeovers: [] },
    wants: () => true,
    connected() {},
    request: exchange => host.run(exchange),
    finished() {},
    upgraded() {},
    disconnected() {},
    capped() {},
  }
}

t.test('a class can be tried where no worker runs, by a host of the test: the example', async t => {
  const Limited = await workerClass('limited.ts:Limited', examples)
  const ran: Exchange[] = []
  const limited = new Limited(createHost(ran))
  const exchanges: Exchange[] = Array.from({ length: 6 }, () => Object.create(null))
  const connection = Object.create(null)
  t.same(limited.traits, { takeovers: [] })
  t.ok(limited.wants())
  for (const exchange of exchanges) limited.request(exchange, connection)
  t.equal(ran.length, 4)
  const [first, , , , fifth, sixth] = exchanges
  if (fifth) limited.finished?.(fifth, connection)
  t.equal(ran.length, 4, 'the client of one that waits is gone')
  if (first) limited.finished?.(first, connection)
  t.equal(ran.length, 5)
  t.equal(ran[4], sixth)
})

t.test("the classes of the server's own", async t => {
  t.notOk((await workerClass('async', root)).oneAtATime)
  t.ok((await workerClass('sync', root)).oneAtATime)
})

t.test('the base classes of the first versions say what to write instead', async t => {
  const script = `import * as api from 'unicorn/worker'
for (const [name, Old] of Object.entries(api)) {
  for (const use of [() => class extends Old {}, () => new Old()]) {
    try { use() } catch (error) { console.log(name + ': ' + error.message) }
  }
}`
  const output = await run([process.execPath, '--input-type=module', '-e', script], { cwd: examples })
  const line = (name: string) =>
    `${name}: 'unicorn/worker' has no class ${name} any more: wanted a class that implements Admission`
  const lines = output.trimEnd().split('\n')
  const names = ['AsyncWorker', 'AsyncWorker', 'SyncWorker', 'SyncWorker', 'Worker', 'Worker']
  t.same(
    lines.map((text, i) => text.startsWith(line(names[i] ?? ''))),
    Array(6).fill(true),
    output,
  )
})

t.test('the example compiles with the types of the package', async t => {
  const options = ['--strict', '--noImplicitOverride', '--erasableSyntaxOnly', '--skipLibCheck']
  const module = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node']
  const tsc = [process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '--ignoreConfig', '--noEmit']
  t.equal(await run([...tsc, ...options, ...module, join(examples, 'limited.ts')], { cwd: root }), '')
})

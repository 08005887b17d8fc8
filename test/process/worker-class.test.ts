import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { connectRaw, head } from '../helpers/raw.js'
import { root } from '../helpers/root.js'
import { type ServerOptions, spawnServer, startServer } from '../helpers/server.js'

/** Holds each request, and answers with the largest number that this worker has run at once. */
const COUNTING = `import { get } from 'node:http'
let running = 0
let most = 0
export async function application({ PATH_INFO }, startResponse) {
  most = Math.max(most, ++running)
  await new Promise((resolve, reject) => {
    get(process.env.HOLDS + PATH_INFO, { agent: false }, res => res.resume().on('end', resolve)).on('error', reject)
  })
  running--
  startResponse('200 OK', [])
  return String(most)
}
`

/** The example, which logs what comes and goes. */
const TOLD = `import { Limited } from '${root}docs/examples/worker-class/limited.ts'
import type { AdmissionHost, Connection, Exchange } from 'unicorn/worker'
export class Told extends Limited {
  readonly host: AdmissionHost
  constructor(host: AdmissionHost) {
    super(host)
    this.host = host
  }
  override request(exchange: Exchange, connection: Connection): void {
    super.request(exchange, connection)
    this.host.log.info('Got ' + exchange.head.url)
  }
  override finished(exchange: Exchange, connection: Connection): void {
    super.finished(exchange, connection)
    this.host.log.info('Done ' + exchange.head.url)
  }
}
`

t.test(
  'the example: what is above the limit waits for its turn, in a drain too, and what is given up never runs',
  async t => {
    const holds = await startHolds(t)
    const options = { files: { 'told.ts': TOLD }, args: ['--worker-class', 'told:Told'] }
    const server = await startServer(t, { app: COUNTING, env: { ...holds.env, AT_ONCE: '2' }, ...options })
    const client = new Client(t, server.target)
    const replies = [client.get('/a'), client.get('/b')]
    await Promise.all([holds.arrival('a'), holds.arrival('b')])
    const raw = await connectRaw(t, server.target)
    raw.write(head('/gone'))
    await server.log(/^Got \/gone/)
    replies.push(client.get('/c'))
    await server.log(/^Got \/c/)
    raw.socket.destroy()
    await server.log(/^Done \/gone/)
    server.signal('SIGTERM')
    t.match(await server.log(messages.drains), { inFlight: 3 })
    for (const name of ['a', 'b', 'c']) {
      await holds.arrival(name)
      holds.release(name)
    }
    t.same(
      (await Promise.all(replies)).map(({ status, body }) => `${status} with ${body}`),
      Array(3).fill('200 with 2'),
    )
    t.same(await server.ended(), { code: 0, signal: null })
    t.notOk(holds.hasArrived('gone'))
  },
)

/** What a class passes on to the admission that it wraps. */
const PASSED_ON = `wants() { return this.inner.wants() }
    connected(connection) { this.inner.connected(connection) }
    finished(exchange, connection) { this.inner.finished(exchange, connection) }
    upgraded(connection) { this.inner.upgraded(connection) }
    disconnected(connection) { this.inner.disconnected(connection) }
    capped(cap) { this.inner.capped(cap) }`

/** One at a time as what it wraps, and CommonJS; a header says that it was this class. */
const STAMPING = `exports.classes = {
  Stamping: class {
    static oneAtATime = true
    constructor(host) {
      this.host = host
      this.inner = host.create('sync')
      this.traits = this.inner.traits
    }
    request(exchange, connection) {
      exchange.node.res.setHeader('Stamp', this.host.config.workerClass)
      this.inner.request(exchange, connection)
    }
    ${PASSED_ON}
  },
}
`

/** Holds /hold, and answers anything else with what the environ says of this server. */
const ENVIRON = `import { get } from 'node:http'
export async function application({ PATH_INFO, ...environ }, startResponse) {
  startResponse('200 OK', [])
  if (PATH_INFO === '/hold') await new Promise(() => get(process.env.HOLDS + '/a').on('error', () => {}))
  return environ['wsgi.multithread'] + ' ' + environ.SERVER_PORT
}
`

t.test('a class that wraps sync runs one request at a time, in every respect', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, {
    app: ENVIRON,
    files: { 'stamping.cjs': STAMPING },
    args: ['-k', 'stamping:classes.Stamping', '--timeout', '1s', '--http-engine', 'node'],
    env: holds.env,
    expectErrors: [messages.timeout, messages.aborted, messages.exited],
  })
  const client = new Client(t, server.target)
  const { body, headers } = await client.get()
  t.equal(headers.stamp, 'stamping:classes.Stamping')
  t.equal(headers.connection, 'close')
  t.match(body, /^false /)
  const held = client.get('/hold')
  await holds.arrival('a')
  await server.log(messages.timeout)
  t.equal((await held).status, 504, 'a request that runs for longer than the timeout is a hang')
  await server.ready(2)
})

/** All that a class must have; it never reports how many connections it holds. */
const BARE = `export default class {
  constructor(host) {
    this.host = host
  }
  wants() {
    return this.host.connections < 2
  }
  request(exchange) {
    this.host.run(exchange)
  }
}
`

t.test('a class with no more than it must have', async t => {
  const server = await startServer(t, { files: { 'bare.js': BARE }, args: ['-k', 'bare:default'], workers: 2 })
  const client = new Client(t, server.target, { keepAlive: true })
  const { status, pid } = await client.get()
  t.equal(status, 200)
  t.match(await client.get(), { pid, reused: true })
  client.close()
  // Connections that stayed would take both places of each worker until they have been idle for long enough.
  t.equal((await new Client(t, server.target).many(8)).filter(({ status }) => status === 200).length, 8)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.same(await server.stop(), { code: 0, signal: null })
})

t.test('what a class throws is an uncaught error', async t => {
  const throwing = BARE.replace(
    'this.host.run(exchange)',
    "if (exchange.head.url === '/throw') throw new Error('on purpose')\n    $&",
  )
  const server = await startServer(t, {
    files: { 'bare.js': throwing },
    args: ['-k', 'bare:default', '--graceful-timeout', '1s'],
    expectErrors: [messages.uncaught, messages.exited],
  })
  const client = new Client(t, server.target)
  const worker = server.worker()
  const lost = t.rejects(client.get('/throw'))
  t.match(await server.log(messages.uncaught), { err: { message: 'on purpose', stack: /bare\.js/ } })
  await server.ready(2)
  t.not((await client.get()).pid, worker)
  await lost
})

/** Wraps async, whose figures come and go by the host that it is given. */
const WRAPPING = `import * as found from 'unicorn/worker'
export default class {
  constructor(host) {
    const get = () => host.connections
    this.inner = host.create('async', Object.defineProperty({ run: host.run }, 'connections', { get, enumerable: true }))
  }
  request(exchange, connection) {
    exchange.node.res.setHeader('Found', Object.keys(found).join())
    this.inner.request(exchange, connection)
  }
  ${PASSED_ON}
}
`

t.test('a module that finds another copy of this package wraps the admission that runs', async t => {
  const cwd = testdir(t, { 'package.json': '{ "type": "module" }', 'app.js': ENVIRON, 'wrapping.js': WRAPPING })
  const copy = join(cwd, 'node_modules/unicorn')
  for (const part of ['package.json', 'dist/lib', 'dist/config']) {
    cpSync(join(root, part), join(copy, part), { recursive: true })
  }
  writeFileSync(join(copy, 'dist/lib/worker-api.js'), 'export const another = "release"')
  const server = await startServer(t, { cwd, args: ['-k', 'wrapping:default', '--http-engine', 'node'] })
  const { port } = new URL(server.addresses[0] ?? '')
  const { body, headers } = await new Client(t, server.target).get()
  t.equal(body, `true ${port}`)
  t.equal(headers.found, 'another')
})

interface Case {
  readonly name: string
  readonly spec?: string
  readonly module?: string
  readonly says: RegExp
}

const CASES: readonly Case[] = [
  {
    name: 'missing module',
    spec: 'gone:Limited',
    says: /worker class "gone:Limited": module "gone" was not found in .*gone\.ts/,
  },
  {
    name: 'missing export',
    spec: 'own:Limitd',
    says: /own\.js has no export "Limitd": it exports Limited; did you mean "Limited"\?/,
  },
  {
    name: 'no class',
    module: 'export const Limited = {}',
    says: /own\.js: the export "Limited" is an object of class Object, wanted a class with the methods wants\(\) and request\(exchange\)/,
  },
  {
    name: 'a class of something else',
    module: 'export class Limited {}',
    says: /the export "Limited" is the class Limited without wants and request, wanted a class with the methods/,
  },
  {
    name: 'a class without what it must define',
    module: 'export class Limited { wants() {} }',
    says: /the class Limited without request, wanted a class with the methods wants\(\) and request\(exchange\)/,
  },
  {
    name: 'a class with the methods of the first versions',
    module: 'export class Limited { wantsConnection() {}\nrun() {} }',
    says: /the class Limited without wants and request, wanted a class with the methods wants\(\) and request\(exchange\)/,
  },
  {
    name: 'a class that extends one of the first versions',
    module: "import { AsyncWorker } from 'unicorn/worker'\nexport class Limited extends AsyncWorker {}",
    says: /own\.js failed to load: 'unicorn\/worker' has no class AsyncWorker any more: wanted a class that implements Admission/,
  },
  { name: 'a module that throws', module: 'throw new Error("on purpose")', says: /own\.js failed to load: on purpose/ },
  {
    name: 'a constructor that throws',
    module: BARE.replace('default class', 'class Limited').replace('this.host = host', 'throw new Error("on purpose")'),
    says: /on purpose/,
  },
]

function options({ spec = 'own:Limited', module }: Case): ServerOptions {
  const own = module ?? BARE.replace('default class', 'class Limited')
  return { files: { 'own.js': own }, args: ['--worker-class', spec], expectErrors: [/./] }
}

for (const each of CASES) {
  t.test(`${each.name}: exit code 3`, async t => {
    const server = spawnServer(t, options(each))
    t.same(await server.ended(), { code: 3, signal: null })
    const [line] = server.logged(messages.bootFailed)
    t.match(line?.msg, each.says)
  })
}

t.test('--check-config looks at the class too', async t => {
  const { args = [], ...rest } = options({ name: 'no class', module: 'export const Limited = 42', says: /./ })
  const server = spawnServer(t, { ...rest, args: [...args, '--check-config'], bind: '' })
  t.same(await server.ended(), { code: 3, signal: null })
})

t.test('a reload with a class that cannot be loaded is rolled back', async t => {
  const server = await startServer(t, {
    files: { 'own.js': BARE },
    args: ['-k', 'own:default'],
    expectErrors: [messages.bootFailed, messages.reloadFailed, messages.exited],
  })
  const worker = server.worker()
  writeFileSync(join(server.cwd, 'own.js'), 'export default 42')
  server.signal('SIGHUP')
  await server.log(messages.reloadFailed)
  t.equal((await new Client(t, server.target).get()).pid, worker)
})

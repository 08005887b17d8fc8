import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { root } from '../helpers/root.js'
import { spawnServer, startServer } from '../helpers/server.js'

// Whatever an application throws, the code that reports it does not fail: see also test/logging/thrown.test.ts.

const SEEDS = Array.from({ length: 120 }, (_, seed) => seed)

/** `/throw/SEED` and the like fail with a value of that seed; the others hold. */
const APP = `
import { get } from 'node:http'
import { parse } from 'node:querystring'
import { hostile } from '${root}dist/test/helpers/hostile.js'
const NAMED = {
  parsed: () => parse('reason=bad'),
  proxy: () => new Proxy(new Error(), { get() { throw new Error('no') }, getPrototypeOf() { throw new Error('no') } }),
  revoked: () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy },
}
const valueOf = seed => NAMED[seed]?.() ?? hostile(Number(seed))
const fail = (how, seed) => {
  if (how === 'throw') throw valueOf(seed)
  if (how === 'reject') return Promise.reject(valueOf(seed))
  if (how === 'timer') setTimeout(() => { throw valueOf(seed) }, 10)
  if (how === 'rejection') setTimeout(() => { Promise.reject(valueOf(seed)) }, 10)
}
const hold = key => new Promise(done => get(\`\${process.env.HOLDS}/\${key}\`, res => res.resume().on('end', done)))
export async function* broken(seed) {
  yield 'first'
  throw valueOf(seed)
}
export const node = (req, res) => {
  const [, how, seed] = req.url.split('/')
  const returned = fail(how, seed)
  if (returned) return returned
  if (how === 'destroy') return res.destroy(valueOf(seed))
  if (how === 'hold') hold(seed).then(() => res.end('held'))
  else res.end('fine')
}
export const wsgi = (environ, startResponse) => {
  const [, how, seed] = environ.PATH_INFO.split('/')
  if (how === 'iterate') {
    return (function* () { throw valueOf(seed) })()
  }
  const returned = fail(how, seed)
  if (returned) return returned
  startResponse('200 OK', [])
  return how === 'stream' ? broken(seed) : ['fine']
}
export const fetch = request => {
  const [, how, seed] = new URL(request.url).pathname.split('/')
  const returned = fail(how, seed)
  if (returned) return returned
  return new Response(how === 'stream' ? ReadableStream.from(broken(seed)) : 'fine')
}
`

t.test('node: a response may be destroyed with anything: the client is cut', async t => {
  const args = ['--interface', 'node']
  const server = await startServer(t, { app: APP, spec: 'app:node', args, expectErrors: [/application failed/] })
  const client = new Client(t, server.target)
  for (const name of ['parsed', 'proxy', 'revoked']) await t.rejects(client.get(`/destroy/${name}`), name)
  t.equal((await client.get('/fine')).status, 200)
})

const CASES = [
  { name: 'node', ways: ['throw', 'reject'] },
  { name: 'wsgi', ways: ['throw', 'reject', 'iterate'] },
  { name: 'fetch', ways: ['throw', 'reject'] },
] as const

for (const { name, ways } of CASES) {
  t.test(`${name}: a handler may throw anything: 500, and the worker serves on`, async t => {
    const args = ['--interface', name]
    const server = await startServer(t, { app: APP, spec: `app:${name}`, args, expectErrors: [/application failed/] })
    const client = new Client(t, server.target, { keepAlive: true })
    const wrong: string[] = []
    for (const way of ways) {
      for (const seed of ['parsed', ...SEEDS]) {
        const { status } = await client.get(`/${way}/${seed}`)
        if (status !== 500) wrong.push(`${way} ${seed}: ${status}`)
      }
    }
    t.same(wrong, [])
    if (name === 'wsgi') await t.rejects(client.get('/stream/parsed'), 'a body that has begun is cut')
    t.equal((await client.get('/')).body, 'fine')
    t.equal(server.workers().length, 1)
    client.close()
  })
}

for (const way of ['timer', 'rejection']) {
  t.test(`${way}: outside of a request too: one line, and what is in flight is answered`, async t => {
    const holds = await startHolds(t)
    const options = { app: APP, spec: 'app:node', args: ['--interface', 'node'], env: holds.env }
    const server = await startServer(t, { ...options, expectErrors: [messages.uncaught, messages.exited] })
    const client = new Client(t, server.target)
    for (const [index, value] of ['parsed', 'proxy', 'revoked'].entries()) {
      const held = client.get(`/hold/${value}`)
      await holds.arrival(value)
      t.equal((await client.get(`/${way}/${value}`)).status, 200)
      await server.log(messages.uncaught, { count: index + 1 })
      await server.ready(index + 2)
      holds.release(value)
      t.equal((await held).body, 'held')
      await server.log(messages.exited, { count: index + 1 })
    }
    t.equal(server.logged(({ exitCode }) => exitCode === 7).length, 0, 'Node did not end the process')
  })
}

const THROWS = "throw Object.assign(Object.create(null), { reason: 'bad' })"
const hook = (name: string) => ({ 'unicorn.config.cjs': `module.exports = { ${name}() { ${THROWS} } }` })

for (const { name, files = {}, app = 'export const application = () => []', code } of [
  { name: 'an application that loads', app: THROWS, code: 4 },
  { name: 'a factory', app: `export const application = Promise.reject(Object.create(null))`, code: 4 },
  { name: 'a hook of a worker', files: hook('postFork'), code: 3 },
  { name: 'a config file', files: { 'unicorn.config.cjs': THROWS }, code: 1 },
]) {
  t.test(`${name} may throw anything: exit ${code}, and the log says why`, async t => {
    const server = spawnServer(t, { app, files, expectErrors: [/./] })
    t.same(await server.ended(), { code, signal: null })
    t.match(JSON.stringify(server.lines), /thrown: \[Object: null prototype\]/)
  })
}

t.test('hooks that run with requests may throw anything', async t => {
  const files = { 'unicorn.config.cjs': `module.exports = { preRequest() { ${THROWS} }, whenReady() { ${THROWS} } }` }
  const server = await startServer(t, { files, expectErrors: [/Hook (preRequest|whenReady) failed/] })
  t.equal((await new Client(t, server.target).get()).status, 500)
  await server.log(/Hook whenReady failed/)
})

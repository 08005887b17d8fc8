import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { connectRaw } from '../helpers/raw.js'
import { root } from '../helpers/root.js'
import { run } from '../helpers/run.js'
import { type ServerOptions, spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

const JSON_BODY = { 'Content-Type': 'application/json' }

/** The example, compiled as its users do it. */
const cwd = testdir(t, {})
await run([process.execPath, `${root}node_modules/typescript/bin/tsc`, '-p', '.', '--outDir', `${cwd}/dist`], {
  cwd: `${root}docs/examples/nestjs`,
})

const example: ServerOptions = {
  cwd,
  spec: 'dist/main.js',
  workers: 2,
  args: JSON_ACCESS_LOG,
  env: { NO_COLOR: '1' },
}

/** The routes, with their errors. */
async function askAround(t: Test, client: Client): Promise<void> {
  const posted = { method: 'POST', headers: JSON_BODY }
  t.match(await client.get('/cats/Tom'), { status: 200, body: '{"name":"Tom","age":7}' })
  t.match(await client.get('/cats', { ...posted, body: '{"name":"Kit","age":1}' }), { status: 201, reused: true })
  t.match(await client.get('/cats'), { status: 200, body: /Tom.*Kit/, reused: true })
  t.match(await client.get('/cats/Nobody'), { status: 404, body: /"message":"no cat Nobody"/ })
  t.match(await client.get('/cats', { ...posted, body: '{"name"' }), { status: 400, body: /"error":"Bad Request"/ })
  t.match(await client.get('/nowhere'), { status: 404, body: /"message":"Cannot GET \/nowhere"/ })
}

/** How many times the database of a worker was closed. */
function closed(server: Server, pid: number): number {
  return server.stdout.all(new RegExp(`^\\[Nest\\] ${pid} .*\\[Database\\] closed`)).length
}

/** The head of a request that adds a cat, in bytes. */
function post(length: number, fields: readonly string[] = []): string {
  const all = ['Host: test', 'Content-Type: application/json', `Content-Length: ${length}`, ...fields]
  return `POST /cats HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n`
}

t.test('a script that listens, with shutdown hooks', async t => {
  const server = await startServer(t, example)
  t.equal(server.logged(/listen\(3000\) is ignored/).length, 1, 'one notice')
  const old = server.workers()
  const slow = await connectRaw(t, server.target)
  const body = '{"name":"Slow","age":9}'
  slow.write(post(body.length, ['Expect: 100-continue']))
  await slow.until(/100 Continue/)
  server.signal('SIGHUP')
  await server.log(messages.drains)
  slow.write(body)
  t.match(await slow.all(), /HTTP\/1.1 201 Created\r\n/, 'what runs is answered')
  await gone(...old)
  t.same(server.logged(/closed its server/), [], 'Nest closes it because TERM came')

  await askAround(t, new Client(t, server.target, { keepAlive: true }))
  const aborting = await connectRaw(t, server.target)
  aborting.write(post(100))
  aborting.socket.end('{"name":')
  const { msg } = await server.stdout.wait(/"outcome":"aborted"/)
  t.match(msg, /"url":"\/cats"/)

  t.same(await server.stop(), { code: 0, signal: null })
  const ends = server.everyWorker.map(pid => closed(server, pid))
  t.same(ends, [1, 1, 1, 1], 'each worker has ended in time')
})

t.test('an exported promise of the application', async t => {
  const server = await startServer(t, { ...example, spec: 'dist/application.js' })
  await askAround(t, new Client(t, server.target, { keepAlive: true }))
  t.same(await server.stop(), { code: 0, signal: null })
  t.same(
    server.everyWorker.map(pid => closed(server, pid)),
    [1, 1],
    'each was closed',
  )
})

for (const spec of ['dist/main.js', 'dist/application.js']) {
  t.test(`${spec} fails in onModuleInit`, async t => {
    const expectErrors = [messages.appLoadFailed, messages.exited, messages.gaveUp]
    const env = { ...example.env, DATABASE: 'down' }
    const server = spawnServer(t, { ...example, workers: 1, spec, env, expectErrors })
    t.same(await server.ended(), { code: 4, signal: null })
    t.match(await server.log(messages.appLoadFailed), { msg: /no connection to the database/ })
  })
}

t.test('Nest gives up by itself where a provider fails', async t => {
  const provider = `{ provide: 'database', useFactory: () => { throw new Error('no such host') } }`
  const broken = `import { NestFactory } from '@nestjs/core'
const app = await NestFactory.create({ module: class Broken {}, providers: [${provider}] })
await app.listen(3000)`
  writeFileSync(`${cwd}/dist/broken.js`, broken)
  const expectErrors = [messages.appLoadFailed, messages.exited, messages.gaveUp]
  const server = spawnServer(t, { ...example, workers: 1, spec: 'dist/broken.js', expectErrors })
  t.same(await server.ended(), { code: 4, signal: null })
  t.match(await server.log(/\[ExceptionHandler\]/), { msg: /no such host/ }, 'Nest says why')
  t.match(await server.log(messages.appLoadFailed), { msg: /it called process.exit\(1\) at .*while it was loading/ })
})

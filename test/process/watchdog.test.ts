import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hangs, hello, mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone, killAndWait } from '../helpers/process.js'
import { requireCommand } from '../helpers/require-command.js'
import { root } from '../helpers/root.js'
import { spawnServer, startServer } from '../helpers/server.js'

const expectErrors = [messages.hangs, messages.timeout, messages.exited]
const args = ['--timeout', '1']

t.test('the log says where a worker hangs', async t => {
  const server = await startServer(t, { app: hangs, args, expectErrors })
  const client = new Client(t, server.target)
  for (const [index, kind] of ['loop', 'regex', 'json', 'wait'].entries()) {
    const pid = server.worker()
    const cut = t.rejects(client.get(`/${kind}?secret`))
    const line = await server.log(messages.hangs, { count: index + 1 })
    t.match(line, { level: 'error', pid, worker: 0, inFlight: 1, err: { type: 'Hang', message: 'event loop blocked' } })
    const place = `${kind} \\(${server.cwd}/app\\.js:\\d+:\\d+\\)`
    t.match(line, { err: { stack: new RegExp(`^Hang: event loop blocked\\n    at ${place}\\n    at application `) } })
    t.match(
      line.msg,
      new RegExp(`^Worker hangs \\(pid: ${pid}\\): event loop blocked for 1\\.\\d s in ${place}, 1 request `),
    )
    t.match(line.requests, [{ method: 'GET', path: `/${kind}`, age: Number }])
    t.match(await server.log(messages.exited, { count: index + 1 }), {
      workerPid: pid,
      reason: 'hung',
      signal: 'SIGKILL',
    })
    await server.ready(index + 2)
    t.equal(server.logged(messages.hangs).length, index + 1, 'it is said once')
    await cut
  }
})

t.test('where the main thread cannot be stopped the log says so: a child process, a read from a FIFO', async t => {
  const server = await startServer(t, { app: hangs, args, expectErrors })
  const client = new Client(t, server.target)
  const cut = t.rejects(client.get('/spawn'))
  const child = await server.log(/^\d+$/)
  t.teardown(() => killAndWait(Number(child.msg)))
  const line = await server.log(messages.hangs)
  t.match(
    line.msg,
    /for 1\.\d s, most likely in a synchronous child process, .* neither its stack nor its requests are known$/,
  )
  t.notOk('err' in line || 'requests' in line)
  t.match(await server.log(messages.exited), { reason: 'hung', signal: 'SIGKILL' })
  await killAndWait(Number(child.msg))
  await cut

  await server.ready(2)
  execFileSync('mkfifo', [join(server.cwd, 'fifo')])
  const next = t.rejects(client.get('/fifo'))
  t.match((await server.log(messages.hangs, { count: 2 })).msg, /a blocking read or other native code/)
  await server.ready(3)
  await next
})

t.test('what a report needs is there before a hang: then there may be no descriptor left', async t => {
  requireCommand(['prlimit'])
  const debug = [...args, '--log-level', 'debug']
  const server = await startServer(t, { app: hangs, args: debug, expectErrors })
  const pid = server.worker()
  t.match(await server.log(messages.prepared), { level: 'debug', pid })
  execFileSync('prlimit', ['--pid', String(pid), '--nofile=64:64'])
  const cut = t.rejects(new Client(t, server.target).get('/exhaust'))
  t.match(await server.log(messages.hangs), { inFlight: 1, err: { stack: /^ {4}at exhaust \(/m } })
  await server.ready(2)
  await cut
})

t.test('requests in flight are listed, the oldest first', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: holds.env, args, expectErrors })
  const client = new Client(t, server.target)
  const cut: Promise<unknown>[] = []
  for (const name of ['a', 'b']) {
    cut.push(t.rejects(client.get(`/hold/${name}`, { method: 'POST' })))
    await holds.arrival(name)
  }
  cut.push(t.rejects(client.get('/hang')))
  const line = await server.log(messages.hangs)
  t.match(line.msg, /, 3 requests in flight$/)
  t.match(line, {
    inFlight: 3,
    requests: [
      { method: 'POST', path: '/hold/a' },
      { method: 'POST', path: '/hold/b' },
      { method: 'GET', path: '/hang' },
    ],
  })
  await server.log(messages.exited)
  await Promise.all(cut)
})

t.test('a hang while booting is seen too', async t => {
  const server = spawnServer(t, {
    app: `console.error('hanging')\nAtomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)\n`,
    args: ['--boot-timeout', '3'],
    expectErrors: [messages.hangs, messages.exited, messages.gaveUp],
  })
  const line = await server.log(messages.hangs)
  t.match(
    line.msg,
    new RegExp(`: not ready after \\d\\.\\d s, event loop blocked in .*\\(${server.cwd}/app\\.js:2:\\d+\\)$`),
  )
  t.same(await server.ended(), { code: 3, signal: null })
  t.match(server.logged(messages.exited), [{ reason: 'boot-timeout' }])
})

t.test('a boot that waits with a turning event loop is no hang', async t => {
  const app = 'await new Promise(resolve => setTimeout(resolve, 60_000))\nexport const application = () => []'
  const expectErrors = [messages.bootFailed, messages.exited, messages.gaveUp]
  const server = spawnServer(t, { app, args: ['--boot-timeout', '3s'], expectErrors })
  t.same(await server.ended(), { code: 3, signal: null })
})

t.test('a stack names the sources where there are source maps', async t => {
  const cwd = `${root}test/fixtures/mapped`
  const server = await startServer(t, { cwd, spec: 'built/app.js', args, expectErrors })
  const cut = t.rejects(new Client(t, server.target).get('/spin'))
  const { msg, err } = await server.log(messages.hangs)
  t.match(msg, ` in spin (${cwd}/src/app.ts:9:`)
  t.match(err, { stack: `    at application (${cwd}/src/app.ts:13:` })
  await cut
})

t.test('the stack stands below the line in a text log', async t => {
  const text = spawnServer(t, { app: hangs, args: [...args, '--log-format', 'text'] })
  const listening = await text.log(/Listening at: /)
  await text.log(/Worker ready/)
  const port = Number(/:(\d+) /.exec(listening.msg.slice(listening.msg.indexOf('http')))?.[1])
  const cut = t.rejects(new Client(t, { host: '127.0.0.1', port }).get('/wait'))
  const line = await text.log(/\[ERROR\] Worker hangs \(pid: \d+\): .* inFlight=1 requests=/)
  await text.log(/^ {4}Hang: event loop blocked$/, { after: line })
  await text.log(/^ {8}at wait \(/, { after: line })
  await text.log(/Worker ready/, { count: 2 })
  await cut
  await text.stop()
})

t.test('a worker that comes to itself in time answers 504 and goes', async t => {
  const expected = [...expectErrors, messages.aborted]
  const server = await startServer(t, { app: hangs, args, expectErrors: expected })
  const answer = new Client(t, server.target).get('/until')
  await server.log(messages.hangs)
  await server.log(messages.timeout)
  writeFileSync(join(server.cwd, 'enough'), '')
  t.equal((await answer).status, 200, 'the main thread went on where it was stopped')
  t.match(await server.log(messages.exited), { reason: 'hung', exitCode: 1 })
})

t.test('a hung worker does not outlive its arbiter', async t => {
  const server = await startServer(t, { app: mischief, args, expectErrors: [messages.hangs] })
  const pid = server.worker()
  const cut = t.rejects(new Client(t, server.target).get('/hang'))
  await server.log(/^hanging/)
  server.signal('SIGKILL')
  await gone(pid)
  t.match(await server.log(messages.hangs), { pid })
  await cut
})

t.test('nor where hangs are allowed: it has gracefulTimeout then', async t => {
  const limits = ['--timeout', '0', '--graceful-timeout', '1']
  const server = await startServer(t, { app: mischief, args: limits, expectErrors: [messages.hangs] })
  const pid = server.worker()
  const cut = t.rejects(new Client(t, server.target).get('/hang'))
  await server.log(/^hanging/)
  server.signal('SIGKILL')
  await gone(pid)
  await cut
})

t.test('without the watchdog there is no stack, and still a replacement', async t => {
  const expected = [messages.timeout, messages.exited]
  const server = await startServer(t, { app: mischief, args: [...args, '--no-watchdog'], expectErrors: expected })
  const cut = t.rejects(new Client(t, server.target).get('/hang'))
  t.match(await server.log(messages.exited), { reason: 'hung', signal: 'SIGKILL' })
  await server.ready(2)
  t.same(server.logged(messages.hangs), [])
  await cut
})

t.test("the application's preloads run once in a worker", async t => {
  const files = { 'preload.cjs': 'console.error("preloaded by", process.pid)' }
  const server = await startServer(t, { app: hello, files, env: { NODE_OPTIONS: '--require ./preload.cjs' } })
  const pid = server.worker()
  await server.stop()
  t.equal(server.logged(({ msg }) => msg === `preloaded by ${pid}`).length, 1)
})

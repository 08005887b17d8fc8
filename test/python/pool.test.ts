import { readFile } from 'node:fs/promises'
import t from 'tap'
import type { ProcessFigures } from '../../config/hooks.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { startPython } from '../helpers/python.js'
import { until } from '../helpers/until.js'

const APP = `
import ctypes
import os
import sys
import urllib.request

def application(environ, start_response):
    path = environ['PATH_INFO']
    if path.startswith('/hold/'):
        urllib.request.urlopen(os.environ['HOLDS'] + '/' + path[6:]).read()
    elif path == '/exit':
        os._exit(7)
    elif path == '/crash':
        ctypes.string_at(0)
    elif path == '/leave':
        sys.exit(3)
    elif path == '/close-all':
        os.closerange(3, 100)
    elif path == '/background':
        os.system('sleep 20 >/dev/null 2>&1 &')
    body = b'%d' % os.getpid()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
    return [body]
`

const DIED = messages.pythonExited

t.test('requests go to processes that are idle, whatever connection they come by', async t => {
  const holds = await startHolds(t)
  const server = await startPython(t, APP, { workers: 2, env: holds.env })
  const [busy, other] = [
    new Client(t, server.target, { keepAlive: true }),
    new Client(t, server.target, { keepAlive: true }),
  ]
  const { pid } = await busy.get('/')
  const held = busy.get('/hold/a')
  await holds.arrival('a')
  const pids = new Set((await Promise.all([1, 2, 3].map(() => other.get('/')))).map(reply => reply.pid))
  t.equal(pids.size, 1, 'the other process answers all of them')
  holds.release('a')
  t.equal((await held).status, 200)
  t.ok(server.pythons().includes(pid))
})

t.test('a request that waits is not lost by the death of any process', async t => {
  const holds = await startHolds(t)
  const server = await startPython(t, APP, { workers: 2, env: holds.env, expectErrors: [DIED] })
  const held = ['a', 'b'].map(name => new Client(t, server.target).get(`/hold/${name}`))
  await Promise.all([holds.arrival('a'), holds.arrival('b')])
  const waiting = new Client(t, server.target).many(5)
  for (const pid of server.pythons()) process.kill(pid, 'SIGKILL')
  const statuses = (await Promise.all(held)).map(({ status }) => status)
  t.same(statuses, [502, 502], 'what had begun is answered once')
  t.same(
    (await waiting).map(({ status }) => status),
    [200, 200, 200, 200, 200],
  )
  const { reason, signal, requests } = await server.log(DIED)
  t.match({ reason, signal, requests }, { reason: 'killed-outside', signal: 'SIGKILL', requests: [{ method: 'GET' }] })
})

t.test('a client keeps its connection through whatever happens to the processes', async t => {
  const server = await startPython(t, APP, {
    workers: 2,
    args: ['--restart-backoff', '10ms..50ms'],
    expectErrors: [DIED, /^the application failed$/],
  })
  const client = new Client(t, server.target, { keepAlive: true })
  await client.get('/')
  const ends: [string, number, object][] = [
    ['/exit', 502, { reason: 'exited', exitCode: 7, requests: [{ method: 'GET', path: '/exit' }] }],
    [
      '/crash',
      502,
      { reason: 'crashed', signal: 'SIGSEGV', err: { stack: /Segmentation fault[\s\S]*app\.py:\d+ in application/ } },
    ],
    ['/leave', 500, { reason: 'exited', exitCode: 3 }],
    ['/close-all', 502, { requests: [{ path: '/close-all' }] }],
  ]
  for (const [path, status, line] of ends) {
    const count = server.logged(DIED).length
    const reply = await client.get(path)
    t.match(reply, { status, reused: true }, path)
    await server.log(DIED, { count: count + 1 })
    t.match(server.logged(DIED).at(-1), line)
    t.match(await client.get('/'), { status: 200, reused: true }, 'the next request')
  }
})

t.test('what a request leaves behind does not delay the end of its process', async t => {
  const server = await startPython(t, APP, { expectErrors: [DIED] })
  const client = new Client(t, server.target)
  await client.get('/background')
  const [pid = 0] = server.pythons()
  process.kill(pid, 'SIGKILL')
  await server.log(DIED)
  await until('it was replaced', () => server.pythons().length === 1 && !server.pythons().includes(pid))
  t.equal((await client.get('/')).status, 200)
})

t.test('maxRequests, maxMemory and a TERM by hand replace a process, and no request waits for it', async t => {
  const app = `${APP}
hoard = []
serve = application
def application(environ, start_response):
    if environ['PATH_INFO'] == '/eat':
        hoard.append(b'x' * (120 << 20))
    return serve(environ, start_response)
`
  const server = await startPython(t, app, {
    args: ['--max-requests', '10', '--max-requests-jitter', '5', '--max-memory', '100mb'],
  })
  const client = new Client(t, server.target, { keepAlive: true })
  const pids = new Set<number>()
  while (pids.size < 2) pids.add((await client.get('/')).pid)
  const { requests } = await server.log(messages.maxRequests)
  t.ok(Number(requests) >= 10 && Number(requests) <= 15, `after ${requests} requests`)
  await server.log(({ msg, reason }) => DIED.test(msg) && reason === 'max-requests')
  const { pid } = await client.get('/eat')
  await server.log(({ msg, reason, pythonPid }) => DIED.test(msg) && reason === 'max-memory' && pythonPid === pid)
  const next = (await client.get('/')).pid
  process.kill(next, 'SIGTERM')
  await server.log(({ msg, reason, pythonPid }) => DIED.test(msg) && reason === 'retired' && pythonPid === next)
  t.match(await client.get('/'), { status: 200, reused: true })
})

t.test('TTIN, TTOU and the figures of hooks count Python processes', async t => {
  const config = `
import { writeFileSync } from 'node:fs'
export default {
  workers: 1,
  nworkersChanged(server) {
    const look = () => writeFileSync('snapshot.json', JSON.stringify(server.snapshot))
    setInterval(look, 20).unref()
  },
}`
  const server = await startPython(t, APP, { files: { 'unicorn.config.mjs': config } })
  const figures = async (): Promise<ProcessFigures[]> => {
    const text = await readFile(`${server.cwd}/snapshot.json`, 'utf8').catch(() => '')
    const snapshot = text.endsWith('}') ? JSON.parse(text) : undefined
    return snapshot?.workers[0]?.figures?.processes ?? []
  }
  server.signal('SIGTTIN')
  await until('there are two', () => server.pythons().length === 2)
  const client = new Client(t, server.target)
  await client.many(4)
  let seen: ProcessFigures[] = []
  await until('the snapshot shows both', async () => {
    seen = await figures()
    return seen.length === 2 && seen.every(({ state }) => state === 'serving')
  })
  t.same(new Set(seen.map(({ pid }) => pid)), new Set(server.pythons()))
  t.match(seen[0], { index: 0, busy: 0, rss: Number, since: Number, requests: Number })
  server.signal('SIGTTOU')
  const [oldest = 0] = server.everyPython
  await gone(oldest)
  t.equal(server.pythons().length, 1, 'the oldest goes')
})

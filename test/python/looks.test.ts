import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startPython } from '../helpers/python.js'
import { shortDir } from '../helpers/short-dir.js'
import { runCtl } from '../helpers/unicornctl.js'
import { until } from '../helpers/until.js'

const APP = `
import os
import re
import time

def wait():
    while not os.path.exists('go'):
        time.sleep(0.05)

def match():
    re.match(r'(a+)+b', 'a' * 60)

def application(environ, start_response):
    work = globals().get(environ['PATH_INFO'][1:])
    if work:
        work()
    start_response('200 OK', [('Content-Length', '2')])
    return [b'ok']
`
const ASGI = `
import asyncio
async def application(scope, receive, send):
    if scope['path'] == '/wait':
        await asyncio.Event().wait()
    if scope['path'] == '/spin':
        while True:
            pass
    await send({'type': 'http.response.start', 'status': 200, 'headers': []})
    await send({'type': 'http.response.body', 'body': b'ok'})
`

async function startLooked(t: Test, app: string, options: Parameters<typeof startPython>[2] = {}) {
  const path = join(shortDir(t), 'control.sock')
  const args = ['--control-socket', path, '--timeout', '200s', ...(options.args ?? [])]
  const server = await startPython(t, app, { ...options, args })
  const ctl = (...line: string[]) => runCtl(server.cwd, [...line, '--socket', path])
  const json = async (...line: string[]) => JSON.parse((await ctl(...line, '--json')).out)
  const client = new Client(t, server.target)
  return { server, ctl, json, client }
}

t.test('the stacks of Python processes, and that they go on', async t => {
  const { server, ctl, json, client } = await startLooked(t, APP, { workers: 2, expectErrors: [messages.pythonExited] })
  const idle = await json('stack', '0')
  t.match(idle, { state: 'idle', processes: [{ index: 0, state: 'serving', threads: [] }, { index: 1 }] })
  const pids: number[] = idle.processes.map(({ pid }: { pid: number }) => pid)
  const answer = client.get('/wait?secret')
  const threads = async () =>
    (await json('stack', '0')).processes.flatMap((each: { threads: object[] }) => each.threads)
  await until('it runs', async () => (await threads()).length === 1)
  t.match(await threads(), [
    { requests: [{ method: 'GET', path: '/wait', age: Number }], stack: [/^app\.py:8 in wait$/, /in application$/] },
  ])
  t.match(await ctl('stack', '0'), {
    code: 0,
    out: /^worker \d+: idle.*\n[\s\S]*Python process \d+ \(\d\): serving\nGET \/wait, for .*\n {4}at app\.py:8 in wait\n/,
  })
  t.match(await json('slow'), { requests: [{ path: '/wait' }], unanswered: [] })
  const texts = await Promise.all(pids.map(pid => ctl('stack', String(pid))))
  t.ok(texts.every(({ code, out }) => code === 0 && /^Python process \d+ \(\d\): serving/.test(out)))
  t.equal(texts.filter(({ out }) => out.includes('in wait')).length, 1)
  writeFileSync(join(server.cwd, 'go'), '')
  t.match(await answer, { status: 200, body: 'ok' })
  t.same(
    (await json('stack', '0')).processes.map(({ pid }: { pid: number }) => pid),
    pids,
  )

  // Of C code that holds the interpreter, too.
  void client.get('/match').catch(() => {})
  await until('it is seen', async () => JSON.stringify(await threads()).includes('in match'))

  const [pid = 0] = pids
  for (const command of ['retire', 'kill', 'profile', 'heap-snapshot']) {
    const { code, err } = await ctl(command, String(pid))
    t.match([code, err], [1, /\d+ is a Python process of worker 0 \(pid: \d+\): wanted that worker/], command)
  }
  t.match(await ctl('profile', '0', '--seconds', '0.1'), {
    code: 0,
    err: /^unicornctl: this is of the front alone, without its Python processes\n$/,
  })
  const { processes } = await json('stack', '0')
  process.kill(processes.find(({ threads }: { threads: object[] }) => threads.length > 0).pid, 'SIGKILL')
  await server.log(messages.pythonExited)
  t.match(await ctl('stack', '4000000'), { code: 1, err: /neither the pid nor the index/ })
})

for (const preload of [[], ['--preload']]) {
  t.test(`each thread of a process is asked alone ${preload}`, async t => {
    const { server, json, client } = await startLooked(t, APP, { args: ['--threads', '3', ...preload] })
    const answers = Promise.all([client.get('/wait'), new Client(t, server.target).get('/wait')])
    const stacks = async () =>
      (await json('stack', '0')).processes[0].threads.map(({ stack }: { stack: string[] }) => stack[0])
    await until('both run', async () => String(await stacks()) === 'app.py:8 in wait,app.py:8 in wait')
    writeFileSync(join(server.cwd, 'go'), '')
    t.match(await answers, [{ status: 200 }, { status: 200 }])
    t.match(await client.get('/'), { status: 200 })
  })
}

t.test('the loop of an ASGI process, with its requests', async t => {
  const { server, json, client } = await startLooked(t, ASGI, { expectErrors: [messages.pythonExited] })
  const look = async () => (await json('stack', '0')).processes[0]
  void client.get('/wait').catch(() => {})
  await until('it waits', async () => (await look()).threads[0].requests.length === 1)
  void client.get('/spin').catch(() => {})
  await until('it computes', async () => String((await look()).threads[0].stack[0]).endsWith('in application'))
  const { pid, threads } = await look()
  t.same(
    threads[0].requests.map(({ path }: { path: string }) => path),
    ['/wait', '/spin'],
  )
  process.kill(pid, 'SIGKILL')
  await server.log(messages.pythonExited)
})

import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import type { LogLine } from '../helpers/log.js'
import { messages } from '../helpers/messages.js'
import { spawnPython, startPython } from '../helpers/python.js'

const APP = `
import os
import re
import socket
import threading
import time

def match():
    re.match(r'(a+)+b', 'a' * 40)

def lock():
    one = threading.Lock()
    one.acquire()
    one.acquire()

def receive():
    one, other = socket.socketpair()
    one.recv(1)

def sleep():
    time.sleep(60)

def thread():
    other = threading.Thread(target=sleep)
    other.start()
    other.join()

def application(environ, start_response):
    hang = globals().get(environ['PATH_INFO'][1:])
    if hang:
        hang()
    body = b'%d' % os.getpid()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
    return [body]
`
const DIED = messages.pythonExited
const HANGS = messages.pythonHangs

t.test('the log says at which line of Python a request hangs', async t => {
  const server = await startPython(t, APP, {
    workers: 2,
    args: ['--timeout', '1s', '--restart-backoff', '10ms..50ms'],
    expectErrors: [DIED, HANGS],
  })
  const client = new Client(t, server.target, { keepAlive: true })
  await client.get('/')
  for (const name of ['match', 'lock', 'receive', 'sleep', 'thread']) {
    const count = server.logged(HANGS).length
    const [hung, quick] = [client.get(`/${name}`), new Client(t, server.target).get('/')]
    t.equal((await quick).status, 200, 'the other process goes on')
    t.match(await hung, { status: 504 }, name)
    const line = (await server.log(HANGS, { count: count + 1 })) && server.logged(HANGS)[count]
    t.match(line, { method: 'GET', path: `/${name}`, busy: Number }, 'with its request')
    t.match(stackOf(line), new RegExp(`at app\\.py:\\d+ in ${name === 'thread' ? 'sleep' : name}\\b`))
    t.notMatch(stackOf(line), /child\.py/)
    await server.log(DIED, { count: count + 1 })
    t.match(await client.get('/'), { status: 200, reused: true }, 'the client has kept its connection')
  }
})

t.test('a thread that hangs: the others answer what they have', async t => {
  const holds = await startHolds(t)
  const app = `${APP}
import urllib.request
def hold():
    urllib.request.urlopen(os.environ['HOLDS'] + '/a').read()
`
  const server = await startPython(t, app, {
    args: ['--threads', '4', '--timeout', '6s'],
    env: holds.env,
    expectErrors: [DIED, HANGS],
  })
  const client = new Client(t, server.target)
  const [pid] = server.pythons()
  const hung = client.get('/sleep')
  const lined = server.log(HANGS)
  await new Promise(resolve => setTimeout(resolve, 3000))
  const held = client.get('/hold')
  await holds.arrival('a')
  t.equal((await hung).status, 504)
  const line = await lined
  t.match(stackOf(line), /^ {2}at app\.py:\d+ in sleep\n/, 'the thread that hangs comes first')
  t.match(line.requests, [{ path: '/sleep' }, { path: '/hold' }])
  t.not((await client.get('/')).pid, pid, 'a new process takes what comes')
  holds.release('a')
  t.match(await held, { status: 200, pid })
  t.match(await server.log(DIED), { reason: 'hung', signal: 'SIGKILL' })
})

t.test('an application that hangs while it is imported', async t => {
  const app = 'import time\ndef connect():\n    time.sleep(60)\nconnect()\n'
  const server = spawnPython(t, app, {
    args: ['--boot-timeout', '2s'],
    expectErrors: [
      /has not finished importing app:application:\n {2}at app\.py:3 in connect\n {2}at app\.py:4 in <module>/,
      /^Worker exited/,
      messages.gaveUp,
    ],
  })
  t.same((await server.ended()).code, 3)
  t.same(server.pythons(), [])
})

t.test('the same later: the other processes go on', async t => {
  const app = `import os\nimport time\nif os.path.exists('hang'):\n    time.sleep(60)\n${APP}`
  const server = await startPython(t, app, {
    workers: 2,
    args: ['--boot-timeout', '2s'],
    expectErrors: [
      DIED,
      /^Python process failed to boot: not ready within 2000 ms \(--boot-timeout\), at app\.py:4 in <module>/,
    ],
  })
  const { writeFile } = await import('node:fs/promises')
  await writeFile(`${server.cwd}/hang`, '')
  const [first = 0] = server.pythons()
  process.kill(first, 'SIGKILL')
  await server.log(/^Python process failed to boot/)
  await server.log(({ msg, reason }) => DIED.test(msg) && reason === 'boot-timeout')
  t.equal((await new Client(t, server.target).get('/')).status, 200)
})

function stackOf(line: LogLine | undefined): string {
  return (line?.err as { stack?: string } | undefined)?.stack ?? ''
}

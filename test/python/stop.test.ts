import { readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { childrenOf, gone } from '../helpers/process.js'
import { startPython } from '../helpers/python.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

const APP = `
import atexit
import os
import threading
import time
import urllib.request

def note(text):
    with open('notes', 'a') as file:
        print(text, file=file)

atexit.register(note, 'atexit')

def linger():
    time.sleep(0.5)
    note('thread')

def never():
    time.sleep(600)

def application(environ, start_response):
    path = environ['PATH_INFO']
    if path.startswith('/hold/'):
        urllib.request.urlopen(os.environ['HOLDS'] + '/' + path[6:]).read()
    elif path == '/linger':
        threading.Thread(target=linger).start()
    elif path == '/never':
        threading.Thread(target=never).start()
    elif path == '/never-atexit':
        atexit.register(never)
    body = b'%d' % os.getpid()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
    return [body]
`

const DIED = messages.pythonExited
const KILLED = /^Python process killed/

async function notes(server: Server): Promise<string[]> {
  return (await readFile(`${server.cwd}/notes`, 'utf8').catch(() => '')).trim().split('\n')
}

t.test('TERM: what runs is answered, atexit runs, threads that are no daemons are awaited', async t => {
  const holds = await startHolds(t)
  const server = await startPython(t, APP, { workers: 2, env: holds.env })
  const client = new Client(t, server.target)
  const held = client.get('/hold/a')
  await holds.arrival('a')
  await client.get('/linger')
  server.signal('SIGTERM')
  await server.log(messages.shuttingDown)
  holds.release('a')
  t.equal((await held).status, 200)
  t.same(await server.ended(), { code: 0, signal: null })
  t.same((await notes(server)).sort(), ['atexit', 'atexit', 'thread'])
})

t.test('TERM, INT or QUIT to every process of the group', async t => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
    const holds = await startHolds(t)
    const server = await startPython(t, APP, { workers: 2, env: holds.env })
    const client = new Client(t, server.target)
    const held = client.get('/hold/a').catch(() => undefined)
    await holds.arrival('a')
    const [...all] = [server.pid, ...server.workers(), ...server.pythons()]
    for (const pid of all.reverse()) process.kill(pid, signal)
    await server.log(messages.shuttingDown)
    if (signal === 'SIGTERM') holds.release('a')
    const reply = await held
    if (signal === 'SIGTERM') t.equal(reply?.status, 200, 'a service manager that signals all loses nothing')
    else t.not(reply?.status, 500, 'no request fails by a KeyboardInterrupt')
    t.same(await server.ended(), { code: 0, signal: null })
    t.ok((await notes(server)).includes('atexit'), `${signal}: atexit runs in the idle one`)
  }
})

t.test('signals to a process by hand, before and after its import', async t => {
  const holds = await startHolds(t)
  const app = `import os\nimport urllib.request\nurllib.request.urlopen(os.environ['HOLDS'] + '/boot').read()\n${APP}`
  const starting = startPython(t, app, { env: holds.env })
  await holds.arrival('boot')
  holds.release('boot')
  const server = await starting
  const [first = 0] = server.pythons()
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.kill(first, signal)
  const client = new Client(t, server.target)
  t.equal((await client.get('/')).pid, first, 'they mean nothing to it')
  process.kill(first, 'SIGTERM')
  await holds.arrival('boot')
  t.equal((await client.get('/')).pid, first, 'it serves until its replacement does')
  const importing = childrenOf(server.worker()).find(pid => pid !== first) ?? 0
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(importing, signal)
  holds.release('boot')
  await server.log(DIED)
  t.equal((await client.get('/')).pid, importing, 'and they did not end the import')
})

t.test('a process that does not end', async t => {
  for (const [path, place] of [
    ['/never', 'in never'],
    ['/never-atexit', 'in never'],
  ] as const) {
    const server = await startPython(t, APP, { args: ['--graceful-timeout', '1s'] })
    await new Client(t, server.target).get(path)
    t.same(await server.stop(), { code: 0, signal: null })
    const line = await server.log(KILLED)
    t.match(line.msg, place, path)
  }
})

t.test('nothing is left when the front or the arbiter is killed', async t => {
  const holds = await startHolds(t)
  const app = `${APP}\nif os.path.exists('slow'):\n    urllib.request.urlopen(os.environ['HOLDS'] + '/boot').read()\n`
  const server = await startPython(t, app, {
    workers: 2,
    env: holds.env,
    expectErrors: [/^Worker exited/, messages.reloadFailed],
  })
  const client = new Client(t, server.target)
  const held = client.get('/hold/a').catch(() => 'lost')
  await holds.arrival('a')
  await writeFile(`${server.cwd}/slow`, '')
  server.signal('SIGHUP')
  await holds.arrival('boot')
  await until('there are two fronts', () => server.workers().length === 2)
  const fronts = server.workers()
  const pythons = fronts.flatMap(childrenOf)
  t.ok(pythons.length >= 3, 'some serve, some import')
  const [serving = 0, booting = 0] = fronts
  process.kill(booting, 'SIGKILL')
  await server.log(messages.reloadFailed)
  process.kill(serving, 'SIGKILL')
  await gone(...pythons)
  t.equal(await held, 'lost')
  server.signal('SIGINT')
  await server.ended()
})

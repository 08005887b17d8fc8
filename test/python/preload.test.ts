import { readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { childrenOf, gone } from '../helpers/process.js'
import { requireModules, spawnPython, startPython } from '../helpers/python.js'
import type { Server } from '../helpers/server-process.js'

const APP = `
import atexit
import os
import time

def note(text):
    with open('notes', 'a') as file:
        print(text, os.getpid(), file=file)

note('imported')
atexit.register(note, 'atexit')

def application(environ, start_response):
    path = environ['PATH_INFO']
    if path == '/exit':
        os._exit(7)
    elif path == '/abort':
        os.abort()
    elif path == '/sleep':
        time.sleep(600)
    body = b'%d' % os.getpid()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
    return [body]
`
const DIED = messages.pythonExited
const FORKS = /^Python fork server ready/

async function notes(server: Server, text: string): Promise<number[]> {
  const lines = (await readFile(`${server.cwd}/notes`, 'utf8')).trim().split('\n')
  return lines.filter(line => line.startsWith(text)).map(line => Number(line.split(' ')[1]))
}

t.test('one process imports the application, and all others are forked from it', async t => {
  const hooks = 'def post_fork(server, worker):\n    import app\n    app.note("forked")\n'
  const server = await startPython(t, APP, {
    workers: 3,
    files: { 'gunicorn.conf.py': hooks },
    args: ['--preload', '--timeout', '1s', '--max-requests', '20', '--restart-backoff', '10ms..50ms'],
    expectErrors: [DIED, messages.pythonHangs],
  })
  const client = new Client(t, server.target, { keepAlive: true })
  const [parent] = await notes(server, 'imported')
  t.same(
    server.logged(FORKS).map(({ pythonPid }) => pythonPid),
    [parent],
  )
  t.same(new Set(childrenOf(parent ?? 0)), new Set(server.pythons()), 'they are its children')
  t.same(new Set(await notes(server, 'forked')), new Set(server.pythons()), 'post_fork runs in each')
  const ends: [string, number, object][] = [
    ['/exit', 502, { reason: 'exited', exitCode: 7 }],
    ['/abort', 502, { reason: 'crashed', signal: 'SIGABRT', err: { stack: /Fatal Python error: Aborted/ } }],
    ['/sleep', 504, { reason: 'hung', signal: 'SIGKILL' }],
  ]
  for (const [path, status, end] of ends) {
    const count = server.logged(DIED).length
    t.match(await client.get(path), { status, reused: path !== '/exit' })
    await server.log(DIED, { count: count + 1 })
    t.match(server.logged(DIED)[count], { ...end, requests: [{ path }] })
  }
  const pids = new Set<number>()
  while (pids.size < 4) pids.add((await client.get('/')).pid)
  await server.log(({ msg, reason }) => DIED.test(msg) && reason === 'max-requests')
  t.equal((await notes(server, 'imported')).length, 1, 'nothing was imported again')
  client.close()
  t.same(await server.stop(), { code: 0, signal: null })
  t.ok((await notes(server, 'atexit')).includes(parent ?? 0), 'atexit runs in all of them')
  t.same(
    [parent, ...server.everyPython].filter(pid => childrenOf(1).includes(pid ?? 0)),
    [],
  )
})

t.test('a reload has a fork server of its own, and a broken module changes nothing', async t => {
  const server = await startPython(t, APP, {
    workers: 2,
    args: ['--preload'],
    expectErrors: [/^Application failed to load: .*broken/, /^Worker exited/, messages.reloadFailed],
  })
  const client = new Client(t, server.target, { keepAlive: true })
  const load = new Load(client, { concurrency: 2 })
  await writeFile(`${server.cwd}/app.py`, "raise ValueError('broken')\n")
  server.signal('SIGHUP')
  await server.log(messages.reloadFailed)
  await writeFile(`${server.cwd}/app.py`, APP)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  const old = server.everyPython.slice(0, 2)
  await gone(...old)
  t.same(await load.stop(), [], 'no request fails')
  client.close()
  t.equal(server.logged(FORKS).length, 2)
})

t.test('the fork server and the front end, and nothing is left', async t => {
  const server = await startPython(t, APP, {
    workers: 2,
    args: ['--preload', '--restart-backoff', '10ms..50ms'],
    expectErrors: [DIED, /^Python fork server exited/, /^Worker exited/],
  })
  const first = server.pythons()
  const [parent = 0] = await notes(server, 'imported')
  process.kill(parent, 'SIGKILL')
  await gone(...first)
  await server.log(FORKS, { count: 2 })
  const client = new Client(t, server.target)
  t.equal((await client.get('/')).status, 200, 'another one takes its place')
  const [, second = 0] = await notes(server, 'imported')
  const forks = childrenOf(second)
  const front = server.worker()
  process.kill(front, 'SIGKILL')
  await gone(front, second, ...forks)
  t.equal((await client.get('/')).status, 200)
})

t.test('what an application should not share', async t => {
  requireModules('django')
  const app = `
import socket
import threading
import time
import django
from django.conf import settings
settings.configure(DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db'}})
django.setup()
from django.db import connection
connection.cursor().execute('create table numbers (number)')
threading.Thread(target=time.sleep, args=(600,), name='poller', daemon=True).start()
listener = socket.create_server(('127.0.0.1', 0))
shared = socket.create_connection(listener.getsockname())

def application(environ, start_response):
    cursor = connection.cursor()
    cursor.execute('select count(*) from numbers')
    body = b'%d' % cursor.fetchone()[0]
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`
  const server = await startPython(t, app, { args: ['--preload'] })
  await server.log(/^--preload: the application started threads while it was imported, .*: poller;/)
  await server.log(/^--preload: the application opened connections to databases .*: default$/)
  await server.log(/^--preload: the application opened connections while it was imported, .*: 127\.0\.0\.1:\d+;/)
  t.match(await new Client(t, server.target).get('/'), { status: 200, body: '0' })
})

t.test('an application that does not load, or not in time', async t => {
  const server = spawnPython(t, 'import missing_package\n', {
    workers: 3,
    args: ['--preload'],
    expectErrors: [/^Application failed to load: .*missing_package/, /^Worker exited/, messages.gaveUp],
  })
  t.same((await server.ended()).code, 4)
  t.equal(server.logged(messages.appLoadFailed).length, 1)
  const slow = spawnPython(t, 'import time\ntime.sleep(60)\n', {
    args: ['--preload', '--boot-timeout', '2s'],
    expectErrors: [
      /has not finished importing app:application:\n {2}at app\.py:2 in <module>/,
      /^Worker exited/,
      messages.gaveUp,
    ],
  })
  t.same((await slow.ended()).code, 3)
})

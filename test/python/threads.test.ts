import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { spawnPython, startPython } from '../helpers/python.js'

const APP = `
import os
import threading
import urllib.request

def application(environ, start_response):
    name = environ['PATH_INFO'][1:]
    if name:
        urllib.request.urlopen(os.environ['HOLDS'] + '/' + name).read()
    body = ('%d %s %s' % (os.getpid(), threading.current_thread().name, environ['wsgi.multithread'])).encode()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
    return [body]
`

t.test('gthread: a process runs four requests at once, the first of them in its main thread', async t => {
  const holds = await startHolds(t)
  const server = await startPython(t, APP, { args: ['-k', 'gthread'], env: holds.env })
  const client = new Client(t, server.target)
  const held = ['a', 'b', 'c', 'd'].map(name => client.get(`/${name}`))
  for (const name of ['a', 'b', 'c', 'd']) await holds.arrival(name)
  const waiting = client.get('/')
  for (const name of ['a', 'b', 'c', 'd']) holds.release(name)
  const bodies = (await Promise.all([...held, waiting])).map(({ body }) => body.split(' '))
  t.equal(new Set(bodies.map(([pid]) => pid)).size, 1, 'one process')
  const names = new Set(bodies.map(([, name]) => name))
  t.ok(names.size === 4 && names.has('MainThread'), `four threads: ${[...names]}`)
  t.equal(bodies[0]?.[2], 'True')
})

t.test('--threads says how many, -k sync is one', async t => {
  for (const [args, threads] of [
    [['-k', 'gthread', '--threads', '2'], '2'],
    [['-k', 'sync'], '1'],
  ] as const) {
    const server = spawnPython(t, APP, { args: [...args, '--print-config'], bind: '' })
    await server.ended()
    t.match(server.stdout.lines.map(({ msg }) => msg).join('\n'), new RegExp(`^threads += ${threads} `, 'm'))
  }
})

t.test('worker classes that are not served', async t => {
  const refused: [string, RegExp][] = [
    ['gevent', /found "gevent", wanted .*; leave it out, or use gthread with --threads N/],
    ['eventlet', /found "eventlet", .* leave it out, or use gthread/],
    ['tornado', /found "tornado", .* an application for Tornado/],
    ['uvicorn.workers.UvicornWorker', /found "uvicorn.workers.UvicornWorker", .* --interface asgi/],
    [
      'my:Worker',
      /found "my:Worker", wanted "sync" or "gthread": a class of your own serves applications in JavaScript/,
    ],
  ]
  for (const [name, message] of refused) {
    const server = spawnPython(t, APP, { args: ['-k', name] })
    t.same((await server.exit).code, 1, name)
    await server.log(({ msg }) => message.test(msg))
  }
})

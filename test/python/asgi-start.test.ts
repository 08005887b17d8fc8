import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { fixture, python, spawnPython, startPython } from '../helpers/python.js'
import { connectRaw, head } from '../helpers/raw.js'
import { root } from '../helpers/root.js'
import { run } from '../helpers/run.js'

/** Callables, and for which version of ASGI each is made: 0 is WSGI. */
const CALLABLES = `
import functools, importlib.util, json, sys
spec = importlib.util.spec_from_file_location('child', sys.argv[1])
child = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)

def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

def with_request(function):
    @functools.wraps(function)
    def application(*args):
        return function(args[-2])(*args[-2:])
    return application

async def asgi(scope, receive, send): pass
def returns_coroutine(scope, receive, send): return asgi(scope, receive, send)
def configured(settings, scope, receive, send): return asgi(scope, receive, send)
def double(scope): return asgi
def wsgi(environ, start_response): return []
def anything(*args): return []
def default(environ, start_response=None): return []

class Asgi:
    async def __call__(self, scope, receive, send): pass

class Double:
    def __init__(self, scope): pass
    async def __call__(self, receive, send): pass

class Slots:
    __slots__ = ('__call__',)
    def __init__(self, version):
        self.__call__ = self.run
    async def run(self, scope, receive, send): pass

class Wsgi:
    def __call__(self, environ, start_response): return []
    def method(self, environ, start_response): return []

class Iterable:
    def __init__(self, environ, start_response): pass

@with_request
def werkzeug(request): return []

callables = {
    3: [asgi, returns_coroutine, functools.partial(configured, {}), Asgi(), Asgi().__call__, Slots(3), traced(asgi)],
    2: [double, Double],
    0: [wsgi, anything, default, Wsgi(), Wsgi().method, Iterable, traced(wsgi), werkzeug, len],
}
print([repr(each) for version, group in callables.items() for each in group if child.asgi_version(each) != version])
`

t.test('a callable tells whether it is for WSGI or for ASGI', async t => {
  t.equal((await run([python, '-c', CALLABLES, 'python/child.py'], { cwd: root })).trim(), '[]')
})

const LIFESPAN = `
import os
import urllib.request

async def application(scope, receive, send):
    if scope['type'] == 'lifespan':
        assert await receive() == {'type': 'lifespan.startup'}
        scope['state']['name'] = 'kept'
        print('started', flush=True)
        await send({'type': 'lifespan.startup.complete'})
        assert await receive() == {'type': 'lifespan.shutdown'}
        print('ended', flush=True)
        return await send({'type': 'lifespan.shutdown.complete'})
    if scope['path'] == '/hold':
        import asyncio
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, lambda: urllib.request.urlopen(os.environ['HOLDS'] + '/a').read())
        print('answered', flush=True)
    body = scope['state']['name'].encode()
    scope['state']['name'] = 'changed by a request'
    await send({'type': 'http.response.start', 'status': 200})
    await send({'type': 'http.response.body', 'body': body})
`

t.test('startup runs before a process is ready, shutdown after its last answer', async t => {
  const holds = await startHolds(t)
  const server = await startPython(t, LIFESPAN, { env: holds.env, workers: 2 })
  const client = new Client(t, server.target)
  t.equal(server.stdout.all(/^started$/).length, 2)
  t.equal((await client.get('/')).body, 'kept')
  t.equal((await client.get('/')).body, 'kept', 'what startup has left is copied for each request')
  const held = client.get('/hold')
  await holds.arrival('a')
  server.signal('SIGTERM')
  await server.log(messages.drains)
  holds.release('a')
  t.match(await held, { status: 200 })
  t.same(await server.ended(), { code: 0, signal: null })
  const printed = server.stdout.all(/^(answered|ended)$/).map(({ msg }) => msg)
  t.equal(printed.length, 3)
  t.ok(printed.indexOf('answered') < printed.lastIndexOf('ended'))
})

t.test('a stream without an end is cut by the graceful timeout, and shutdown runs all the same', async t => {
  const app = LIFESPAN.replace(
    "    if scope['path'] == '/hold':",
    `    if scope['path'] == '/events':
        await receive()
        await send({'type': 'http.response.start', 'status': 200})
        await send({'type': 'http.response.body', 'body': b'begun', 'more_body': True})
        assert (await receive())['type'] == 'http.disconnect'
        return print('answered', flush=True)
    if scope['path'] == '/hold':`,
  )
  const server = await startPython(t, app, { args: ['--graceful-timeout', '1s'] })
  const raw = await connectRaw(t, server.target)
  raw.write(head('/events'))
  await raw.until(/begun/)
  t.same(await server.stop(), { code: 0, signal: null })
  t.same(
    server.stdout.all(/^(answered|ended)$/).map(({ msg }) => msg),
    ['answered', 'ended'],
  )
  t.match(server.logged(messages.gracefulTimeout)[0], { requests: 1 })
})

const FAILS = `
async def application(scope, receive, send):
    await receive()
    await send({'type': 'lifespan.startup.failed', 'message': 'Traceback ...\\nValueError: no database'})
`

t.test('an application that cannot start', async t => {
  const server = spawnPython(t, FAILS, {
    expectErrors: [
      /^Application failed to load: app:application failed to load: its start-up failed: ValueError: no database$/,
      /^Worker exited/,
      messages.gaveUp,
    ],
  })
  t.same((await server.ended()).code, 4)
  t.same(server.pythons(), [])
})

const LOST_SHUTDOWN = `
async def application(scope, receive, send):
    await receive()
    await send({'type': 'lifespan.startup.complete'})
    await receive()
    raise ValueError('on purpose')
`

t.test('a shutdown that fails is in the log', async t => {
  const failed = /^the shutdown of the application failed$/
  const server = await startPython(t, LOST_SHUTDOWN, { expectErrors: [failed] })
  t.same(await server.stop(), { code: 0, signal: null })
  t.match(server.logged(failed)[0], { err: { message: 'on purpose' } })
})

t.test('an application of the second version of ASGI, and one that only its user knows', async t => {
  const app = `
def application(scope):
    async def run(receive, send):
        assert scope['type'] == 'http'
        await send({'type': 'http.response.start', 'status': 200})
        await send({'type': 'http.response.body', 'body': b'two'})
    return run

def hidden(*args):
    return application(args[0])(*args[1:])
`
  const server = await startPython(t, app, {
    args: ['--restart-backoff', '10ms..50ms'],
    expectErrors: [messages.pythonExited],
  })
  const client = new Client(t, server.target)
  t.equal((await client.get('/')).body, 'two')
  process.kill(server.pythons()[0] ?? 0, 'SIGKILL')
  await server.log(messages.pythonReady, { count: 2 })
  t.equal((await client.get('/')).body, 'two')
  const other = await startPython(t, app, { spec: 'app:hidden', args: ['--interface', 'asgi'] })
  t.equal((await new Client(t, other.target).get('/')).body, 'two')
})

t.test('a loop that stands still', async t => {
  const server = await startPython(t, fixture('websocket.py'), {
    args: ['--timeout', '1s', '--restart-backoff', '10ms..50ms'],
    expectErrors: [messages.pythonHangs, messages.pythonExited],
  })
  const client = new Client(t, server.target)
  const [pid = 0] = server.pythons()
  const blocked = client.get('/block')
  const line = server.log(messages.pythonHangs)
  t.match(await blocked, { status: 504 })
  t.match((await line).msg, /its event loop has stood still for \d+ ms, at app\.py:\d+ in application$/)
  t.match(await line, {
    requests: [{ method: 'GET', path: '/block' }],
    err: { stack: /^ {2}at app\.py:\d+ in application$/ },
  })
  await server.log(messages.pythonReady, { count: 2 })
  // One that the process has not read is run by the next one.
  const again = client.get('/block')
  const hung = server.log(messages.pythonHangs, { count: 2 })
  const waiting = new Client(t, server.target).many(3)
  await hung
  t.match(await again, { status: 504 })
  const pids = new Set((await waiting).map(reply => reply.pid))
  t.ok([...pids].every(each => each > 0 && each !== pid))
})

t.test('--preload imports once, and a loop begins in each fork', async t => {
  const server = await startPython(t, LIFESPAN, { args: ['--preload'], workers: 2 })
  t.equal((await new Client(t, server.target).get('/')).body, 'kept')
  t.equal(server.stdout.all(/^started$/).length, 2)
  t.same(await server.stop(), { code: 0, signal: null })
})

t.test('requests are counted, and a process that has had its number is replaced', async t => {
  const server = await startPython(t, fixture('asgi.py'), { args: ['--max-requests', '5'] })
  const client = new Client(t, server.target, { keepAlive: true })
  const { pid } = await client.get('/')
  for (let i = 0; i < 4; i++) t.equal((await client.get('/')).pid, pid)
  await server.log(messages.maxRequests)
  t.match(await server.log(messages.pythonExited), { pythonPid: pid, reason: 'max-requests', exitCode: 0 })
  const next = await client.get('/')
  t.not(next.pid, pid)
  t.ok(next.reused, 'the client has kept its connection')
})

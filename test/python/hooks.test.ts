import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { killAndWait } from '../helpers/process.js'
import { spawnPython, startPython } from '../helpers/python.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'

const APP = `
import os, time

def application(environ, start_response):
    if environ['PATH_INFO'] == '/hang':
        time.sleep(60)
    start_response('200 OK', [('X-Pid', str(os.getpid()))])
    return [b'']
`

/** Each hook notes its name, the process that it runs in, and what it was given. */
const CONFIG = `
import os

raw_env = ['WORD=word']

def note(*facts):
    with open('hooks.txt', 'a') as file:
        print(*facts, file=file)

def on_starting(server): note('on_starting', os.getpid() != server.pid, server.pid)
def when_ready(server): note('when_ready', server.address, os.environ['WORD'])
def nworkers_changed(server, new, old): note('nworkers_changed', new, old)
def pre_fork(server, worker): note('pre_fork', worker.pid)
def post_fork(server, worker): note('post_fork', worker.pid == os.getpid(), worker.ppid == server.pid, server.cfg.workers)
def post_worker_init(worker): note('post_worker_init', worker.pid == os.getpid(), worker.age)
def pre_request(worker, req):
    note('pre_request', req.method, req.path, req.query, req.uri, dict(req.headers)['X-A'])
    if req.path == '/refused':
        raise ValueError('on purpose')
def post_request(worker, req, environ, resp):
    note('post_request', req.path, environ['REQUEST_METHOD'], resp.status, resp.status_code)
def worker_int(worker): note('worker_int', worker.pid == os.getpid())
def worker_abort(worker): note('worker_abort', worker.pid == os.getpid())
def worker_exit(server, worker): note('worker_exit', worker.pid)
def child_exit(server, worker): note('child_exit', worker.pid)
def on_reload(server): note('on_reload', server.cfg.timeout)
def pre_exec(server): note('pre_exec', server.pid)
def on_exit(server):
    server.log.warning('the end of %s', server.pid)
    note('on_exit')
`

const headers = { 'X-A': 'b' }

function notes(server: Server): string[] {
  return readFileSync(join(server.cwd, 'hooks.txt'), 'utf8').trimEnd().split('\n')
}

function noted(server: Server, what: string): Promise<unknown> {
  return until(what, () => notes(server).includes(what))
}

t.test("the hooks of a config file of Gunicorn's, from start to end", async t => {
  const server = await startPython(t, APP, {
    files: { 'gunicorn.conf.py': CONFIG },
    args: ['--timeout', '2'],
    expectErrors: [/^the application failed/, messages.pythonHangs, messages.pythonExited],
  })
  const client = new Client(t, server.target)
  const [first = 0] = server.everyPython
  await noted(server, 'nworkers_changed 1 None')
  const starts = notes(server).filter(line => /^(on_starting|when_ready|nworkers_changed) /.test(line))
  t.match(starts, [`on_starting True ${server.pid}`, /^when_ready \['http:.*\] word$/, 'nworkers_changed 1 None'])
  for (const line of ['pre_fork None', 'post_fork True True 1', 'post_worker_init True 1']) await noted(server, line)
  t.equal((await client.get('/a?b=c', { headers })).status, 200)
  await noted(server, 'pre_request GET /a b=c /a?b=c b')
  await noted(server, 'post_request /a GET 200 OK 200')
  t.equal((await client.get('/refused', { headers })).status, 500)
  await noted(server, 'post_request /refused GET 500 Internal Server Error 500')
  t.equal((await client.get('/hang', { headers })).status, 504)
  for (const line of ['worker_abort True', `worker_exit ${first}`, `child_exit ${first}`]) await noted(server, line)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await noted(server, 'on_reload 2')
  const last = server.pythons().at(-1)
  server.signal('SIGINT')
  t.equal((await server.ended()).code, 0)
  const end = notes(server)
  t.ok(end.includes('worker_int True'))
  t.ok(end.includes(`worker_exit ${last}`))
  t.ok(end.includes(`child_exit ${last}`))
  t.equal(end.at(-1), 'on_exit')
  t.match(server.logged(/^the end of/), [{ level: 'warn', msg: `the end of ${server.pid}` }])
})

t.test('child_exit comes for each process that ended with its front, by its own pid', async t => {
  const config = 'def child_exit(server, worker):\n    server.log.info("gone: %d", worker.pid)\n'
  const server = await startPython(t, APP, {
    files: { 'gunicorn.conf.py': config },
    workers: 2,
    expectErrors: [messages.exited],
  })
  const pythons = server.pythons()
  const after = server.lines.at(-1)
  await killAndWait(server.worker())
  for (const pid of pythons) await t.resolves(server.log(new RegExp(`^gone: ${pid}$`)))
  await server.log(messages.pythonReady, { count: 2, ...(after && { after }) })
  const left = server.pythons()
  await server.stop()
  t.equal(server.logged(/^gone: /).length, 4)
  t.ok(
    left.every(pid => server.logged(new RegExp(`^gone: ${pid}$`)).length === 1),
    'at the end, too',
  )
})

t.test(
  "hooks that are named by their module, and an older post_request; settings as Gunicorn's example has them",
  async t => {
    const config = `
backlog = 2048
worker_class = 'sync'
worker_connections = 1000
keepalive = 2
spew = False
daemon = False
raw_env = []
pidfile = None
umask = 0
user = None
group = None
tmp_upload_dir = None
errorlog = '-'
accesslog = None
proc_name = None
post_fork = 'shop.hooks.forked'

def post_request(worker, req):
    worker.log.info('%s was answered by %s', req.path, worker)

def ssl_context(conf, default_ssl_context_factory):
    return default_ssl_context_factory()
`
    const server = await startPython(t, APP, {
      spec: 'main',
      args: ['--chdir', 'sub'],
      files: {
        'sub/main.py': APP,
        'gunicorn.conf.py': config,
        'shop/__init__.py': '',
        'shop/hooks.py':
          'def forked(server, worker):\n    server.log.warning("forked by %(pid)d", {"pid": server.pid})\n',
      },
    })
    t.equal((await new Client(t, server.target).get('/a')).status, 200)
    t.match(await server.log(/was answered by/), {
      msg: `/a was answered by <Worker ${server.everyPython[0]}>`,
      level: 'info',
      pythonPid: server.everyPython[0],
    })
    t.match(server.logged(/^forked/), [{ msg: `forked by ${server.pid}`, level: 'warn' }])
  },
)

t.test('the hooks of requests and of a worker, with an ASGI application', async t => {
  const app = `
async def application(scope, receive, send):
    headers = [(b'x-of', scope['path'].encode())]
    await send({'type': 'http.response.start', 'status': 201, 'headers': headers})
    await send({'type': 'http.response.body', 'body': b'ok'})
`
  const config = CONFIG.replace("environ['REQUEST_METHOD']", "environ['type'], dict(resp.headers).get('x-of')")
  const server = await startPython(t, app, {
    files: { 'gunicorn.conf.py': config },
    expectErrors: [/^the application failed/],
  })
  const client = new Client(t, server.target)
  t.equal((await client.get('/a%20b?c', { headers })).status, 201)
  await noted(server, 'pre_request GET /a b c /a%20b?c b')
  await noted(server, 'post_request /a b http /a b 201 201')
  t.equal((await client.get('/refused', { headers })).status, 500)
  await noted(server, 'post_request /refused http None 500 Internal Server Error 500')
  t.same(await server.stop(), { code: 0, signal: null })
  t.ok(notes(server).includes(`worker_exit ${server.everyPython[0]}`))
})

t.test('pre_exec comes with USR2, before the new server starts', async t => {
  const server = await startPython(t, APP, { files: { 'gunicorn.conf.py': CONFIG } })
  const successor = await startUpgrade(t, server)
  await noted(server, `on_starting True ${successor}`)
  const told = notes(server).filter(line => /^(on_starting|pre_exec) /.test(line))
  t.same(told, [`on_starting True ${server.pid}`, `pre_exec ${server.pid}`, `on_starting True ${successor}`])
  await stopArbiter(server.pid)
  t.equal((await new Client(t, server.target).get('/', { headers })).status, 200)
  await stopArbiter(successor)
})

for (const hook of ['post_fork', 'post_worker_init']) {
  t.test(`a server whose ${hook} fails does not start: exit code 3`, async t => {
    const parameters = hook === 'post_fork' ? 'server, worker' : 'worker'
    const server = spawnPython(t, APP, {
      files: { 'gunicorn.conf.py': `def ${hook}(${parameters}):\n    raise ValueError('on purpose')\n` },
      expectErrors: [messages.bootFailed, messages.exited, messages.gaveUp],
    })
    t.equal((await server.ended()).code, 3)
    const [line] = server.logged(messages.bootFailed)
    t.match(line?.msg, new RegExp(`the hook ${hook}: ValueError: on purpose$`))
  })
}

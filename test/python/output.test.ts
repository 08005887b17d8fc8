import t from 'tap'
import { Client } from '../helpers/http.js'
import { spawnPython, startPython } from '../helpers/python.js'

const APP = `
import logging, os, sys, traceback

print('imported')

def application(environ, start_response):
    path = environ['PATH_INFO']
    if path == '/print':
        print('printed')
        sys.stderr.write('half a ')
        sys.stderr.write('line\\n')
        environ['wsgi.errors'].write('to wsgi.errors\\n')
        os.write(1, b'not \\xff text\\n')
    if path == '/trace':
        try:
            try:
                {}['missing']
            except KeyError:
                1 / 0
        except ZeroDivisionError:
            logging.exception('it was caught')
    if path == '/exit':
        print('last words', end='')
        sys.stdout.flush()
        os._exit(0)
    start_response('200 OK', [])
    return [b'']
`

t.test('what Python prints appears at once, as it is', async t => {
  const args = [
    '--access-logfile',
    '-',
    '--access-logformat',
    'line %({http_x_a}e)s %({request_method}e)s %({path_info}e)s %({missing}e)s',
  ]
  const server = await startPython(t, APP, { args })
  const client = new Client(t, server.target)
  await t.resolves(server.stdout.wait(/^imported$/))
  t.equal((await client.get('/print', { headers: { 'X-A': 'b' } })).status, 200)
  for (const line of [/^printed$/, /^not /]) await t.resolves(server.stdout.wait(line))
  for (const line of [/^half a line$/, /^to wsgi\.errors$/]) await t.resolves(server.log(line))
  await t.resolves(server.stdout.wait(/^line b GET \/print -$/), 'the environ that was sent is in the access log')
})

t.test('with --capture-output it becomes records of the error log, whatever the level', async t => {
  const server = await startPython(t, APP, {
    args: ['--capture-output', '--log-level', 'info'],
    expectErrors: [/^ZeroDivisionError: division by zero$/, /^Python process exited/],
  })
  const client = new Client(t, server.target)
  const [pythonPid] = server.everyPython
  await client.get('/print')
  for (const [msg, stream] of [
    ['imported', 'stdout'],
    ['printed', 'stdout'],
    ['not \ufffd text', 'stdout'],
    ['half a line', 'stderr'],
    ['to wsgi.errors', 'stderr'],
  ] as const) {
    t.match(await server.log(new RegExp(`^${msg}$`)), { msg, level: 'info', pythonPid, stream })
  }
  await client.get('/trace')
  t.match(await server.log(/^ERROR:root:it was caught$/), { stream: 'stderr' })
  const trace = await server.log(/^ZeroDivisionError: division by zero$/)
  t.match(
    JSON.stringify(trace.err),
    /Traceback.*KeyError: 'missing'.*During handling.*Traceback.*ZeroDivisionError: division by zero"/,
  )
  t.equal((await client.get('/exit')).status, 502)
  await t.resolves(server.log(/^last words$/))
  t.same(server.stdout.lines, [])
})

t.test('--log-format json has that by itself, also of an import that all processes share', async t => {
  const server = await startPython(t, APP, { args: ['--log-format', 'json', '--preload'] })
  t.match(await server.log(/^imported$/), { level: 'info', stream: 'stdout' })
  await new Client(t, server.target).get('/print')
  t.match(await server.log(/^printed$/), { pythonPid: server.everyPython[0], stream: 'stdout' })
  t.same(server.stdout.lines, [])
})

t.test('the level of the error log is not for what an application prints', async t => {
  const server = spawnPython(t, APP, { args: ['--capture-output', '--log-level', 'error'] })
  t.match(await server.log(/^imported$/), { level: 'info' })
  t.same(server.logged(/^Starting/), [])
})

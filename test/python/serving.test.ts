import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { spawnPython, startPython } from '../helpers/python.js'

const APP = `
import os

def application(environ, start_response):
    body = b'pid %d\\n' % os.getpid()
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [body]
`

t.test('a WSGI application in Python is served by as many Python processes as there are workers', async t => {
  const server = await startPython(t, APP, { workers: 3 })
  const client = new Client(t, server.target)
  const { status, body } = await client.get('/')
  t.equal(status, 200)
  t.ok(server.pythons().includes(Number(/\d+/.exec(body)?.[0])), 'it ran in one of them')
  t.equal(server.pythons().length, 3)
  t.equal(server.workers().length, 1, 'behind one front')
  t.same(await server.stop(), { code: 0, signal: null })
})

t.test('an application that does not load', async t => {
  const server = spawnPython(t, 'import missing_package\n', {
    expectErrors: [
      /^Application failed to load: app:application failed to load: ModuleNotFoundError: No module named 'missing_package'; it was looked for by \/usr\/bin\/python3 /,
      /^Worker exited/,
      messages.gaveUp,
    ],
  })
  t.same((await server.ended()).code, 4)
})

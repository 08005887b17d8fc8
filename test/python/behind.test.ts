import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startPython } from '../helpers/python.js'
import { connectRaw } from '../helpers/raw.js'

/** Waits within the request of `/first`, and then once more in its `close()`, whose end is as the query says. */
const APP = `
import os
import time
import urllib.request

def hold(name):
    urllib.request.urlopen(os.environ['HOLDS'] + '/' + name).read()

class Body:
    def __init__(self, query):
        self.query = query

    def __iter__(self):
        yield b'answered'

    def close(self):
        hold('close')
        if self.query == 'raises':
            raise ValueError('on purpose')
        if self.query == 'leaves':
            raise SystemExit
        while self.query == 'hangs':
            time.sleep(1)

def application(environ, start_response):
    if environ['PATH_INFO'] == '/first':
        hold('first')
        start_response('200 OK', [('Content-Length', '8')])
        return Body(environ['QUERY_STRING'])
    body = str(os.getpid()).encode()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`

const AFTER_HEAD = /^the application failed after the head of the response/

const ENDS = [
  { name: 'returns', isSame: true, expect: [] },
  { name: 'raises', isSame: true, expect: [AFTER_HEAD] },
  { name: 'leaves', isSame: false, expect: [AFTER_HEAD, messages.pythonExited] },
  { name: 'hangs', isSame: false, expect: [messages.pythonHangs, messages.pythonExited] },
  { name: 'is-killed', isSame: false, expect: [messages.pythonExited] },
]

for (const { name, isSame, expect } of ENDS) {
  t.test(`a request behind one whose answer is complete, and whose close() ${name.replace('-', ' ')}`, async t => {
    const holds = await startHolds(t)
    const server = await startPython(t, APP, {
      env: holds.env,
      workers: 1,
      args: ['--timeout', name === 'hangs' ? '1s' : '1m', '--restart-backoff', '10ms..50ms'],
      expectErrors: expect,
    })
    const [pid = 0] = server.pythons()
    const first = new Client(t, server.target).get(`/first?${name}`)
    await holds.arrival('first')
    const second = new Client(t, server.target).get('/second')
    // The front has seen what was sent before: it answers this by itself.
    const raw = await connectRaw(t, server.target)
    raw.write('no request\r\n\r\n')
    await raw.all()
    holds.release('first')
    t.match(await first, { status: 200, body: 'answered' })
    await holds.arrival('close')
    if (name === 'is-killed') process.kill(pid, 'SIGKILL')
    else holds.release('close')
    const { status, body } = await second
    t.equal(status, 200)
    t.equal(Number(body) === pid, isSame, isSame ? 'by the same process' : 'by another process')
    if (!isSame) await server.log(messages.pythonExited)
    t.same(await server.stop(), { code: 0, signal: null })
  })
}

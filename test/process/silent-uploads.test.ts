import t from 'tap'
import { accessLine, JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { Client } from '../helpers/http.js'
import { connectRaw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'

const APP = `const pid = String(process.pid)
export async function wsgi(environ, startResponse) {
  if (environ.REQUEST_METHOD === 'POST') await environ['wsgi.input'].read()
  startResponse('200 OK', [])
  return [pid]
}
export async function node(req, res) {
  try {
    for await (const _ of req);
  } catch {}
  res.end(pid)
}
`
const UPLOAD = 'POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nh'

for (const [workerClass, face, limits] of [
  ['async', 'wsgi', ['--body-timeout', '1', '--worker-connections', '3']],
  ['sync', 'wsgi', ['--body-timeout', '3', '--timeout', '1', '--worker-connections', '4']],
  // An application that has the objects of node:http begins before its body is there, and waits for it.
  ['sync', 'node', ['--body-timeout', '3', '--timeout', '1']],
] as const) {
  t.test(`${workerClass}, ${face}: uploads that stop do not take a worker from other clients`, async t => {
    const args = ['--worker-class', workerClass, '--interface', face, ...limits, ...JSON_ACCESS_LOG]
    const server = await startServer(t, { app: APP, spec: `app:${face}`, args })
    const silent = await Promise.all(
      Array.from({ length: face === 'node' ? 1 : 3 }, () => connectRaw(t, server.target)),
    )
    for (const raw of silent) raw.write(UPLOAD)
    t.equal((await new Client(t, server.target).get()).pid, server.worker())
    for (const raw of silent) t.match(await raw.all(), /^HTTP\/1\.1 408 Request Timeout\r\n/)
    t.match(await accessLine(server, '/upload'), { status: 408, outcome: 'refused' })
    t.equal(server.everyWorker.length, 1, 'the worker was not taken for hung')
  })
}

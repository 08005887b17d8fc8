import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { requireModules } from '../helpers/python.js'
import { root } from '../helpers/root.js'
import { ask, openWebSocket } from '../helpers/web-socket.js'
import { copyOfExample, serve } from './example.js'

requireModules('fastapi')

const JSON_TYPE = { 'Content-Type': 'application/json' }
const LARGE = Buffer.alloc(3_000_000, 'some bytes, ')

t.test('a FastAPI application', async t => {
  const server = await serve(t, copyOfExample(t, 'fastapi'), 'app:app')
  const client = new Client(t, server.target, { keepAlive: true })
  await t.resolves(server.stdout.wait(/^opened$/, { count: 3 }), 'each process has run its startup')

  await t.test('bodies and paths that are checked', async t => {
    const echo = (body: string) => client.get('/echo', { method: 'PUT', headers: JSON_TYPE, body })
    t.match(await echo('{"text":"héllo"}'), { status: 200, body: '{"text":"héllo"}' })
    t.match(await echo('{}'), { status: 422, body: /field required/i })
    t.match(await client.get('/items/7'), { status: 200, body: '{"number":7}' })
    t.match(await client.get('/items/0'), { status: 404, body: '{"detail":"items begin at 1"}' })
    t.match(await client.get('/openapi.json'), { status: 200, body: /"title":"An example"/ })
  })

  await t.test('uploads, with a length and in chunks', async t => {
    const digest = { size: LARGE.length, sha256: createHash('sha256').update(LARGE).digest('hex') }
    for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
      const { body } = await client.get('/digest', { method: 'POST', headers, body: LARGE })
      t.same(JSON.parse(body), digest)
    }
  })

  await t.test('a response that is streamed, and one that is a file', async t => {
    const { headers, body } = await client.get('/count/1000')
    t.match(headers, { 'transfer-encoding': 'chunked' })
    t.equal(body, Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join(''))
    const source = readFileSync(`${root}docs/examples/fastapi/app.py`, 'utf8')
    t.match(await client.get('/source'), { headers: { 'content-type': /^text\/x-python/ }, body: source })
  })

  await t.test('a WebSocket', async t => {
    const socket = await openWebSocket(t, server.target, '/shout')
    t.equal(String(await ask(socket, 'hello')), 'HELLO')
    t.equal(String(await ask(socket, 'again')), 'AGAIN')
    socket.close()
  })

  client.close()
  t.same(await server.stop(), { code: 0, signal: null })
  t.equal(server.stdout.all(/^closed$/).length, 3, 'and its shutdown')
})

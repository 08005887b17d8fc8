import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { root } from '../helpers/root.js'
import { ask, openWebSocket } from '../helpers/web-socket.js'
import { copyOfExample } from '../python/example.js'
import { Visitor } from '../python/visitor.js'
import { environment, releases } from './environments.js'
import { live, startMatrix } from './life.js'

const WRAPPED = `from app import create_app
from whitenoise import WhiteNoise

application = WhiteNoise(create_app(), root='static', prefix='assets/')
`

t.test('Flask 3, wrapped by WhiteNoise', async t => {
  const venv = await environment('flask', ['Flask==3.*', 'whitenoise'])
  t.comment(await releases(venv, ['Flask', 'Werkzeug', 'whitenoise']))
  const directory = copyOfExample(t, 'flask')
  writeFileSync(join(directory, 'wrapped.py'), WRAPPED)
  const server = await startMatrix(t, { cwd: directory, spec: 'wrapped', args: ['--python', venv] })
  const style = readFileSync(`${root}docs/examples/flask/static/style.css`, 'utf8')
  await live(t, server, async () => {
    const visitor = new Visitor(t, server.target)
    t.match(await visitor.submit('/name', { name: 'Ada' }), { status: 302, headers: { location: '/' } })
    t.match(await visitor.get('/'), { status: 200, body: /Hello, Ada!/ })
    t.match(await visitor.upload('/upper', {}, { name: 'a.txt', content: 'abc' }), { status: 200, body: 'ABC' })
    t.match(await visitor.get('/assets/style.css'), { status: 200, body: style })
  })
})

t.test('FastAPI, with all that its documentation installs', async t => {
  const venv = await environment('fastapi', ['fastapi[standard]'])
  t.comment(await releases(venv, ['fastapi', 'starlette', 'pydantic', 'uvloop']))
  const args = ['--python', venv]
  const server = await startMatrix(t, { cwd: copyOfExample(t, 'fastapi'), spec: 'app:app', args })
  const headers = { 'Content-Type': 'application/json' }
  await live(t, server, async () => {
    const client = new Client(t, server.target)
    const echo = (body: string) => client.get('/echo', { method: 'PUT', headers, body })
    t.match(await echo('{"text":"héllo"}'), { status: 200, body: '{"text":"héllo"}' })
    t.match(await echo('{}'), { status: 422, body: /field required/i })
    t.match(await client.get('/items/7'), { status: 200, body: '{"number":7}' })
    t.match(await client.get('/count/3'), { status: 200, body: '1\n2\n3\n' })
    t.match(await client.get('/digest', { method: 'POST', body: Buffer.alloc(3_000_000) }), { body: /"size":3000000,/ })
    t.match(await client.get('/source'), { status: 200, body: /^"""\nA FastAPI application/ })
    const socket = await openWebSocket(t, server.target, '/shout')
    t.equal(String(await ask(socket, 'hello')), 'HELLO')
    socket.close()
  })
  t.equal(server.stdout.all(/^opened$/).length, 2 * 3 + 1, 'every process has run its startup')
  t.equal(server.stdout.all(/^closed$/).length, 2 * 3, 'and its shutdown, but the one that was killed')
})

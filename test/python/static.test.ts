import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { fixture, requireModules, startPython } from '../helpers/python.js'
import { root } from '../helpers/root.js'
import { copyOfExample, prepareDjango, serve } from './example.js'

requireModules('django', 'whitenoise')

t.test('the files that collectstatic has gathered are served without Python', async t => {
  const directory = copyOfExample(t, 'django')
  // Files in `staticfiles` have a hash of their content in their names.
  await prepareDjango(directory)
  mkdirSync(join(directory, 'uploads'))
  const args = ['--static', '/static=./staticfiles', '--static', '/uploads=./uploads', '--workers', '1']
  const server = await serve(t, directory, 'my_project.wsgi:application', { args })
  const client = new Client(t, server.target)
  const page = await client.get('/')
  t.equal(page.status, 200)
  const path = /href="(?<path>\/static\/[^"]+\.css)"/.exec(page.body)?.groups?.path ?? ''
  const [python = 0] = server.pythons()
  // It cannot answer.
  process.kill(python, 'SIGSTOP')
  const style = await client.get(path)
  t.match(style, { status: 200, headers: { 'content-type': 'text/css; charset=utf-8' } })
  t.equal(style.body, readFileSync(join(root, 'docs/examples/django/documents/static/documents/style.css'), 'utf8'))
  const { etag = '' } = style.headers
  t.equal((await client.get(path, { headers: { 'If-None-Match': etag } })).status, 304)
  t.match(await client.get('/static/admin/css/base.css'), { status: 200, body: /body/ })
  writeFileSync(join(directory, 'uploads/new.txt'), 'uploaded')
  t.equal((await client.get('/uploads/new.txt')).body, 'uploaded')
  process.kill(python, 'SIGCONT')
  t.equal((await client.get('/static/missing.css')).status, 404, "Django's own page")
})

t.test('files in front of an ASGI application', async t => {
  const files = { 'public/a.txt': 'a file' }
  const server = await startPython(t, fixture('asgi.py'), { files, args: ['--static', '/static=./public'] })
  const client = new Client(t, server.target)
  t.equal((await client.get('/static/a.txt')).body, 'a file')
  t.match(await client.get('/static/a.txt', { headers: { Range: 'bytes=2-' } }), { status: 206, body: 'file' })
  t.match(await client.get('/static/a.txt', { method: 'HEAD' }), { status: 200, headers: { 'content-length': '6' } })
  t.match(JSON.parse((await client.get('/scope')).body), { type: 'http', path: '/scope' }, 'the rest is its own')
})

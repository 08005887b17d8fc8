import { readFileSync } from 'node:fs'
import t from 'tap'
import { requireModules } from '../helpers/python.js'
import { root } from '../helpers/root.js'
import { copyOfExample, serve } from './example.js'
import { Visitor } from './visitor.js'

requireModules('flask')

const LINES = Array.from({ length: 400_000 }, (_, line) => `line ${line}\n`).join('')

t.test('a Flask application, made by a factory', async t => {
  const server = await serve(t, copyOfExample(t, 'flask'), 'app:create_app(greeting="Good day")')
  const visitor = new Visitor(t, server.target)

  await t.test('a page, and its static file', async t => {
    t.match(await visitor.get('/'), { status: 200, body: /<h1>Good day, stranger!<\/h1>/ })
    const style = await visitor.get('/static/style.css')
    t.match(style, { status: 200, headers: { 'content-type': /^text\/css/ } })
    t.equal(style.body, readFileSync(`${root}docs/examples/flask/static/style.css`, 'utf8'))
    const known = { 'If-None-Match': style.headers.etag }
    t.match(await visitor.get('/static/style.css', { headers: known }), { status: 304, body: '' })
  })

  await t.test('a form, and a session that is signed', async t => {
    t.match(await visitor.submit('/name', { name: 'Ada' }), { status: 302, headers: { location: '/' } })
    t.match(await visitor.get('/'), { status: 200, body: /<h1>Good day, Ada!<\/h1>/ })
  })

  await t.test('uploads, with a length and in chunks', async t => {
    for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
      const reply = await visitor.upload('/upper', {}, { name: 'lines.txt', content: LINES }, headers)
      t.equal(reply.status, 200)
      t.ok(reply.body === LINES.toUpperCase(), 'all of it came back')
    }
  })

  await t.test('a response that is streamed', async t => {
    const reply = await visitor.get('/count/1000')
    t.match(reply, { status: 200, headers: { 'transfer-encoding': 'chunked' } })
    t.equal(reply.body, Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join(''))
  })

  t.same(await server.stop(), { code: 0, signal: null })
})

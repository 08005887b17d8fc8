import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { requireModules } from '../helpers/python.js'
import { root } from '../helpers/root.js'
import { copyOfExample, prepareDjango, serve } from './example.js'
import { Visitor } from './visitor.js'

requireModules('django', 'whitenoise')

/** Larger than what stays in memory, of Django and of the front. */
const LARGE = Array.from({ length: 400_000 }, (_, line) => `${line}\n`).join('')
const CHUNKED = { 'Transfer-Encoding': 'chunked' }

t.test('a Django project, by three processes', async t => {
  const directory = copyOfExample(t, 'django')
  await prepareDjango(directory)

  await t.test('as startproject makes it', async t => {
    const server = await serve(t, directory, 'my_project.wsgi:application')
    t.equal(server.pythons().length, 3)

    await t.test('pages and their static files', async t => {
      const visitor = new Visitor(t, server.target)
      const page = await visitor.get('/')
      t.match(page, { status: 200, body: /<h1>Documents<\/h1>/ })
      const path = /href="(?<path>[^"]+\.css)"/.exec(page.body)?.groups?.path ?? ''
      const style = await visitor.get(path)
      t.match(style, { status: 200, headers: { 'content-type': /^text\/css/ } })
      t.equal(style.body, readFileSync(join(root, 'docs/examples/django/documents/static/documents/style.css'), 'utf8'))
      const known = { 'If-Modified-Since': style.headers['last-modified'] }
      t.match(await visitor.get(path, { headers: known }), { status: 304, body: '' })
      t.match(await visitor.get(path, { headers: { Range: 'bytes=5-8' } }), {
        status: 206,
        body: style.body.slice(5, 9),
      })
      t.match(await visitor.get('/static/admin/css/base.css'), { status: 200, body: /body/ })
      t.match(await visitor.get('/nowhere'), { status: 404, body: /Not Found/ })
    })

    await t.test('a session is the same in every process', async t => {
      const visitor = new Visitor(t, server.target)
      const visits: unknown[] = []
      for (let i = 0; i < 6; i++) visits.push(/session: (\d+)/.exec((await visitor.get('/')).body)?.[1])
      t.same(visits, ['1', '2', '3', '4', '5', '6'])
    })

    await t.test('forms', async t => {
      const visitor = new Visitor(t, server.target)
      t.match(await visitor.submit('/', { title: 'By form' }), { status: 302, headers: { location: '/' } })
      t.match((await visitor.get('/')).body, /<p class="message">Added By form\.<\/p>/)
      t.match(await visitor.submit('/', { title: 'In chunks' }, CHUNKED), { status: 302 })
      t.match((await visitor.get('/')).body, /<li>In chunks<\/li>/)
      t.match(await visitor.submit('/', { title: '' }), { status: 400, body: /This field is required/ })
      const forged = await visitor.get('/', { method: 'POST', body: 'title=forged' })
      t.match(forged, { status: 403, body: /CSRF verification failed/ })
    })

    await t.test('uploads, and the files that they become', async t => {
      const visitor = new Visitor(t, server.target)
      const uploads = [
        { title: 'Small', content: 'small\n', headers: {} },
        { title: 'Small in chunks', content: 'small\n', headers: CHUNKED },
        { title: 'Large', content: LARGE, headers: {} },
        { title: 'Large in chunks', content: LARGE, headers: CHUNKED },
      ]
      for (const { title, content, headers } of uploads) {
        const name = `${title.replaceAll(' ', '-')}.txt`
        t.match(await visitor.upload('/', { title }, { name, content }, headers), { status: 302 }, title)
        const link = new RegExp(`href="([^"]+)">${title}<`).exec((await visitor.get('/')).body)?.[1] ?? ''
        const { body, headers: fields } = await visitor.get(link)
        t.ok(body === content, `${title} comes back`)
        t.equal(fields['content-length'], String(content.length))
        t.equal(fields['content-disposition'], `attachment; filename="${name}"`)
      }
    })

    await t.test('a response that is streamed', async t => {
      const visitor = new Visitor(t, server.target)
      const { headers, body } = await visitor.get('/documents.csv')
      t.match(headers, { 'transfer-encoding': 'chunked', 'content-type': 'text/csv' })
      t.match(body.split('\r\n'), ['By form,', 'In chunks,', 'Large,documents/Large.txt'])
    })

    await t.test('the admin', async t => {
      const visitor = new Visitor(t, server.target)
      t.match(await visitor.get('/admin/'), { status: 302, headers: { location: '/admin/login/?next=/admin/' } })
      const wrong = await visitor.submit('/admin/login/', { username: 'admin', password: 'wrong', next: '/admin/' })
      t.match(wrong, { status: 200, body: /Please enter the correct username and password/ })
      t.match(await visitor.logIn(), { status: 302, headers: { location: '/admin/' } })
      t.match(await visitor.get('/admin/'), { status: 200, body: /Site administration/ })
      const added = await visitor.submit('/admin/documents/document/add/', { title: 'By the admin' })
      t.match(added, { status: 302, headers: { location: '/admin/documents/document/' } })
      t.match((await visitor.get('/admin/documents/document/')).body, /was added successfully/)
    })

    t.same(await server.stop(), { code: 0, signal: null })
  })

  await t.test('wrapped in a class', async t => {
    const server = await serve(t, directory, 'my_project.wrapped:application', { args: ['--workers', '1'] })
    const visitor = new Visitor(t, server.target)
    t.match(await visitor.get('/'), { status: 200, headers: { 'x-request-id': /^[0-9a-f]{32}$/ } })
    const named = await visitor.get('/', { headers: { 'X-Request-Id': 'from-outside' } })
    t.match(named, { status: 200, headers: { 'x-request-id': 'from-outside' } })
  })

  await t.test('by a subclass of WSGIHandler', async t => {
    const server = await serve(t, directory, 'my_project.handler:application', { args: ['--workers', '1'] })
    const visitor = new Visitor(t, server.target)
    const check = { headers: { Host: 'unknown.example' } }
    t.match(await visitor.get('/healthz', check), { status: 200, body: 'ok\n' })
    t.match(await visitor.get('/', check), { status: 400 })
    t.match(await visitor.get('/'), { status: 200, body: /<h1>Documents<\/h1>/ })
  })

  await t.test('by asgi.py', async t => {
    const server = await serve(t, directory, 'my_project.asgi:application', { args: ['--workers', '1'] })
    const visitor = new Visitor(t, server.target)
    t.match(await visitor.logIn(), { status: 302, headers: { location: '/admin/' } })
    t.match(await visitor.get('/admin/'), { status: 200, body: /Site administration/ })
    t.match(await visitor.submit('/', { title: 'In chunks, by ASGI' }, CHUNKED), { status: 302 })
    t.match(await visitor.get('/static/documents/style.css'), { status: 200, body: /sans-serif/ })
  })
})

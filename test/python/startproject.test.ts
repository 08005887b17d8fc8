import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { python, requireModules } from '../helpers/python.js'
import { run } from '../helpers/run.js'
import { prepareDjango, serve } from './example.js'
import { Visitor } from './visitor.js'

requireModules('django')

t.test('a project that django-admin startproject has just made, and nothing changed in it', async t => {
  const directory = testdir(t, {})
  await run([python, '-m', 'django', 'startproject', 'my_project', directory], { cwd: directory })
  await prepareDjango(directory)
  const server = await serve(t, directory, 'my_project.wsgi:application')
  const visitor = new Visitor(t, server.target)
  t.match(await visitor.get('/'), { status: 200, body: /The install worked successfully/ })
  t.match(await visitor.get('/admin/'), { status: 302, headers: { location: '/admin/login/?next=/admin/' } })
  t.match(await visitor.logIn(), { status: 302, headers: { location: '/admin/' } })
  t.match(await visitor.get('/admin/'), { status: 200, body: /Site administration/ })
  t.match(await visitor.get('/nowhere/'), { status: 404, body: /Using the URLconf/ })
  t.same(await server.stop(), { code: 0, signal: null })
})

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { messages } from '../helpers/messages.js'
import { python, requireModules } from '../helpers/python.js'
import { run } from '../helpers/run.js'
import { prepareDjango, serve } from './example.js'
import { Visitor } from './visitor.js'

requireModules('django')

t.test('a project that django-admin startproject has just made, and nothing changed in it', async t => {
  const directory = testdir(t, {})
  await run([python, '-m', 'django', 'startproject', 'my_project', directory], { cwd: directory })
  await prepareDjango(directory)
  const expectErrors = [messages.appLoadFailed, messages.exited, messages.reloadFailed]
  const server = await serve(t, directory, 'my_project.wsgi:application', { expectErrors })
  const visitor = new Visitor(t, server.target)
  t.match(await visitor.get('/'), { status: 200, body: /The install worked successfully/ })
  t.match(await visitor.get('/admin/'), { status: 302, headers: { location: '/admin/login/?next=/admin/' } })
  t.match(await visitor.logIn(), { status: 302, headers: { location: '/admin/' } })
  t.match(await visitor.get('/admin/'), { status: 200, body: /Site administration/ })
  t.match(await visitor.get('/nowhere/'), { status: 404, body: /Using the URLconf/ })

  await t.test('a mistake in urls.py does not pass a reload, and is shown', async t => {
    const urls = join(directory, 'my_project/urls.py')
    const good = readFileSync(urls, 'utf8')
    writeFileSync(urls, `import nothing_of_this_name\n${good}`)
    server.signal('SIGHUP')
    const { err } = await server.log(/failed to load: ModuleNotFoundError: No module named 'nothing_of_this_name'; /)
    t.match(err, { stack: /^Traceback [^\n]*\n {2}File "[^"]*my_project\/urls\.py", line 1, in <module>\n/ })
    await server.log(messages.reloadFailed)
    t.match(await visitor.get('/admin/'), { status: 200, body: /Site administration/ })
    writeFileSync(urls, good)
    server.signal('SIGHUP')
    await server.log(messages.reloaded)
    t.match(await visitor.get('/admin/'), { status: 200, body: /Site administration/ })
  })

  t.same(await server.stop(), { code: 0, signal: null })
})

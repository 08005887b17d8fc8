import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { requireModules, spawnPython, startPython } from '../helpers/python.js'

requireModules('django')

const APP = `
from django.conf import settings
settings.configure(
    ALLOWED_HOSTS=['*'], ROOT_URLCONF='urls', SECRET_KEY='s',
    DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'database/db.sqlite3'}})
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
`

/** Views that ask a database while they are imported, as a form with choices does. */
const URLS = `
from django.db import connection
from django.http import HttpResponse
from django.urls import path

with connection.cursor() as cursor:
    cursor.execute('SELECT 1')

urlpatterns = [path('', lambda request: HttpResponse('ok'))]
`

const files = { 'urls.py': URLS }
const NOT_IMPORTED =
  /^the URLs of the project were not imported, and will be with a request: OperationalError: unable to open database file$/

for (const args of [[], ['--preload']]) {
  t.test(`a database that does not answer when views are imported ${args}`, async t => {
    const server = await startPython(t, APP, { files, args, expectErrors: [/^the application failed/] })
    const [line] = server.logged(NOT_IMPORTED)
    t.match(line, { level: 'warn', err: { stack: /File "\S+urls\.py", line 6, in <module>/ } })
    const client = new Client(t, server.target)
    t.equal((await client.get('/')).status, 500)
    mkdirSync(join(server.cwd, 'database'))
    t.match(await client.get('/'), { status: 200, body: 'ok' })
  })
}

t.test('a mistake in a view: nothing is started with it, and no reload passes', async t => {
  const broken = 'import no_such_module\n'
  const bad = spawnPython(t, APP, {
    files: { 'urls.py': broken },
    expectErrors: [messages.appLoadFailed, messages.exited, messages.gaveUp],
  })
  t.equal((await bad.ended()).code, 4)
  t.match(bad.logged(messages.appLoadFailed)[0]?.msg, /No module named 'no_such_module'; it was looked for by /)

  const server = await startPython(t, APP, {
    files: { ...files, 'database/none.txt': '' },
    expectErrors: [messages.appLoadFailed, messages.exited, messages.reloadFailed],
  })
  writeFileSync(join(server.cwd, 'urls.py'), broken)
  server.signal('SIGHUP')
  await server.log(messages.reloadFailed)
  t.match(await new Client(t, server.target).get('/'), { status: 200, body: 'ok' })
})

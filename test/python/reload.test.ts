import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { requireModules, spawnPython, startPython } from '../helpers/python.js'
import type { Server } from '../helpers/server-process.js'

const args = ['--reload', '--log-level', 'debug']

/** Answers with a word of a module that it imports at once, and at /late with one of a module that it imports then. */
const APP = `
import shop.words

def application(environ, start_response):
    start_response('200 OK', [])
    if environ['PATH_INFO'] == '/late':
        from shop import late
        return [late.WORD]
    return [shop.words.WORD]
`

const word = (text: string): string => `WORD = b'${text}'\n`
const FILES = { 'shop/__init__.py': '', 'shop/words.py': word('first'), 'shop/late.py': word('late') }

/** A file is saved; resolves when only processes that have read it serve. */
async function save(server: Server, name: string, content: string, line = messages.reloaded): Promise<void> {
  const after = server.lines.at(-1)
  const old = server.workers()
  writeFileSync(join(server.cwd, name), content)
  await server.log(line, after && { after })
  if (line === messages.reloaded) await gone(...old)
}

function changes(server: Server): unknown[] {
  return server.logged(messages.changed).flatMap(({ files }) => files)
}

t.test(
  '--reload watches what Python has imported, keeps what served if an import fails, and sees the mended file',
  async t => {
    const server = await startPython(t, APP, {
      args,
      files: FILES,
      expectErrors: [messages.appLoadFailed, messages.exited, messages.reloadFailed],
    })
    const client = new Client(t, server.target)
    t.equal((await client.get()).body, 'first')
    await save(server, 'shop/words.py', word('second'))
    t.equal((await client.get()).body, 'second')

    const known = server.logged(messages.watched).length
    t.equal((await client.get('/late')).body, 'late')
    await server.log(messages.watched, { count: known + 1 })
    await save(server, 'shop/late.py', word('later'))
    t.equal((await client.get('/late')).body, 'later')

    await save(server, 'app.py', `import shop.more\n${APP}`, messages.reloadFailed)
    t.equal((await client.get()).body, 'second')
    await save(server, 'shop/more.py', 'def broken(:\n', messages.reloadFailed)
    t.equal((await client.get()).body, 'second')
    await save(server, 'shop/more.py', 'shop = 1\n')
    t.equal((await client.get()).body, 'second')
    t.same(
      changes(server),
      ['shop/words.py', 'shop/late.py', 'app.py', 'shop/more.py', 'shop/more.py'].map(name => join(server.cwd, name)),
    )
  },
)

t.test('a server with --reload whose first import fails serves when the module is there', async t => {
  const server = spawnPython(t, `import missing\n${APP}`, {
    args,
    files: FILES,
    expectErrors: [messages.appLoadFailed, messages.exited, messages.waitsForChange],
  })
  await server.log(messages.waitsForChange)
  await save(server, 'missing.py', '')
  t.equal((await new Client(t, server.target).get()).body, 'first')
})

t.test("templates of Django's are watched, compiled translations, and gunicorn.conf.py", async t => {
  requireModules('django')
  const app = `
from django.conf import settings
settings.configure(ALLOWED_HOSTS=['*'], LOCALE_PATHS=['locale'], TEMPLATES=[{
    'BACKEND': 'django.template.backends.django.DjangoTemplates', 'DIRS': ['templates']}])
import django
django.setup()
from django.utils import translation
from django.template.loader import render_to_string

def application(environ, start_response):
    start_response('200 OK', [])
    return [render_to_string('page.html').encode()]
`
  const server = await startPython(t, app, {
    args,
    files: { 'templates/page.html': 'one', 'locale/de/LC_MESSAGES/django.po': '', 'gunicorn.conf.py': '' },
  })
  const client = new Client(t, server.target)
  t.equal((await client.get()).body, 'one')
  await save(server, 'templates/page.html', 'two')
  t.equal((await client.get()).body, 'two')
  await save(server, 'templates/more.html', 'new')
  writeFileSync(join(server.cwd, 'locale/de/LC_MESSAGES/django.po'), 'no news')
  await save(server, 'locale/de/LC_MESSAGES/django.mo', 'compiled')
  await save(server, 'gunicorn.conf.py', "raw_env = ['B=2']\n")
  const names = ['templates/page.html', 'templates/more.html', 'locale/de/LC_MESSAGES/django.mo', 'gunicorn.conf.py']
  t.same(
    changes(server),
    names.map(name => join(server.cwd, name)),
  )
})

import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import type { LogLine } from '../helpers/log.js'
import { messages } from '../helpers/messages.js'
import { python, spawnPython } from '../helpers/python.js'
import { spawnServer } from '../helpers/server.js'

interface Case {
  readonly name: string
  readonly app?: string
  readonly files?: Readonly<Record<string, string>>
  readonly spec?: string
  readonly args?: readonly string[]
  readonly code?: 1 | 3 | 4
  readonly said: RegExp
  /** What the Python traceback must have, and nothing of the server's or of importlib's. */
  readonly trace?: RegExp
  /** Other errors in the log. */
  readonly others?: readonly RegExp[]
}

const hello = 'def application(environ, start_response):\n    pass\n'

const CASES: readonly Case[] = [
  {
    name: 'a module that is missing',
    spec: 'shop.wsgi',
    said: /^Application failed to load: shop\.wsgi failed to load: ModuleNotFoundError: No module named 'shop'; it was looked for in \S+, and in the packages of \/usr\/bin\/python3: start unicorn in the project's directory, or name that by --chdir or --pythonpath$/,
  },
  {
    name: 'a file that is missing',
    spec: 'src/shop.py',
    said: /there is no file \S+\/src\/shop\.py$/,
  },
  {
    name: 'a dependency that is missing, and which Python was asked',
    app: 'import importlib\nimportlib.import_module("no_such_package")\n',
    said: /No module named 'no_such_package'; it was looked for by \/usr\/bin\/python3 \(Python 3\.\d+\.\d+, from --python\): install it there, or name another Python by --python$/,
    trace:
      /^Traceback \(most recent call last\):\n {2}File "\S+app\.py", line 2, in <module>\n.*\n(?:[ ~^]*\n)?ModuleNotFoundError: No module named 'no_such_package'$/,
  },
  {
    name: 'a module of its own that is missing',
    app: 'import shop.models\n',
    files: { 'shop/__init__.py': '' },
    said: /No module named 'shop\.models'; it was looked for in \S+\/shop$/,
  },
  {
    name: 'an attribute that is missing, with the nearest ones',
    app: `${hello}other = application\n`,
    spec: 'app:aplication',
    said: /app has no aplication; it has application$/,
  },
  {
    name: 'no attribute of the names that are looked for',
    app: 'def run(): pass\n',
    spec: 'app',
    said: /app has no application or app; it has run$/,
  },
  {
    name: 'the script that manages a Django project',
    app: hello,
    files: { 'manage.py': 'def main(): pass\n', 'shop/wsgi.py': hello },
    spec: 'manage.py',
    said: /manage has no application or app; the application of this Django project is shop\.wsgi:application$/,
  },
  {
    name: 'a name with a mistake, in the directory of a Django project',
    app: hello,
    files: { 'manage.py': '', 'shop/wsgi.py': hello },
    spec: 'shpo.wsgi',
    said: /No module named 'shpo'; it was looked for in \S+, and in the packages of \S+: the application of this Django project is shop\.wsgi:application$/,
  },
  {
    name: 'an attribute that is no application',
    app: 'application = 3\n',
    said: /app:application cannot be called: wanted a WSGI or ASGI application, found int$/,
  },
  {
    name: 'a factory that raises',
    app: 'def create(name):\n    raise ValueError("on purpose: " + name)\n',
    spec: 'app:create("x")',
    said: /ValueError: on purpose: x$/,
    trace: /^Traceback \(most recent call last\):\n {2}File "\S+app\.py", line 2, in create\n/,
  },
  {
    name: 'arguments that are no literals',
    app: hello,
    spec: 'app:application(name)',
    said: /cannot read 'application\(name\)': wanted a name, or a call of one with literals$/,
  },
  {
    name: 'a syntax error, with its place',
    app: 'def application(:\n    pass\n',
    said: /SyntaxError: invalid syntax \(app\.py, line 1\)$/,
    trace: /File "\S+app\.py", line 1\n\s+def application\(:/,
  },
  {
    name: 'sys.exit while it is imported',
    app: 'import sys\nsys.exit("no licence")\n',
    said: /it called sys\.exit\('no licence'\) while it was imported$/,
    trace: /app\.py", line 2, in <module>/,
  },
  {
    name: 'os._exit while it is imported',
    app: 'import os\nos._exit(7)\n',
    said: /it ended with code 7 while it was imported$/,
    others: [messages.pythonExited],
  },
  {
    name: 'settings that are not named',
    app: 'class ImproperlyConfigured(Exception): pass\nraise ImproperlyConfigured("settings are not configured. You must define DJANGO_SETTINGS_MODULE")\n',
    said: /; DJANGO_SETTINGS_MODULE is not set: name the settings by --env DJANGO_SETTINGS_MODULE=my_project\.settings, or in wsgi\.py$/,
  },
  {
    name: 'settings that cannot be found',
    app: 'import os, importlib\nimportlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])\n',
    args: ['--env', 'DJANGO_SETTINGS_MODULE=shop.settings'],
    said: /DJANGO_SETTINGS_MODULE is shop\.settings, which was looked for in \S+: mend the name, or start unicorn in/,
  },
  {
    name: 'both a Python and a JavaScript module of that name',
    app: hello,
    files: { 'app.js': '' },
    code: 4,
    said: /^unicorn: app:application may be \S+\/app\.py or \S+\/app\.js: say which by --interface/,
  },
]

function traceOf({ err }: LogLine): string {
  return typeof err === 'object' && err !== null && 'stack' in err ? String(err.stack) : ''
}

for (const {
  name,
  app = '',
  files = {},
  spec = 'app:application',
  args = [],
  code = 4,
  said,
  trace,
  others = [],
} of CASES) {
  t.test(`an application that does not load: ${name}`, async t => {
    const server = spawnPython(t, app, {
      files,
      spec,
      args: ['--check-config', ...args],
      bind: '',
      expectErrors: said.source.startsWith('^unicorn') ? [] : [messages.appLoadFailed, ...others],
    })
    t.same(await server.ended(), { code, signal: null })
    const [line] = server.logged(said)
    t.ok(line, `${said}`)
    if (trace && line) {
      t.match(traceOf(line), trace)
      t.notMatch(traceOf(line), /child\.py|importlib\W+__init__|frozen/)
    }
  })
}

t.test('a server whose application does not load ends with the same code', async t => {
  const server = spawnPython(t, 'import no_such_package\n', {
    workers: 2,
    expectErrors: [messages.appLoadFailed, messages.exited, messages.gaveUp],
  })
  t.equal((await server.ended()).code, 4)
  t.match(server.logged(messages.appLoadFailed)[0]?.msg, new RegExp(`by ${python} `))
})

const LOADS = [
  ['a file in a folder that is no package', 'src/shop.py:application'],
  ['a file of a package, whose relative imports work', 'shop/web/wsgi.py'],
  ['a factory with keywords', 'factory:create("x", debug=True, sizes=[1, 2])'],
  ['a name within a name', 'factory:Site.application'],
] as const

for (const [name, spec] of LOADS) {
  t.test(`an application that loads: ${name}`, async t => {
    const server = spawnPython(t, '', {
      files: {
        'src/shop.py': hello,
        'shop/__init__.py': '',
        'shop/web/__init__.py': '',
        'shop/web/wsgi.py': 'from ..base import application\n',
        'shop/base.py': hello,
        'factory.py':
          'class Site:\n    application = print\ndef create(name, debug, sizes):\n    assert (name, debug, sizes) == ("x", True, [1, 2])\n    return print\n',
      },
      spec,
      args: ['--check-config'],
      bind: '',
    })
    t.equal((await server.ended()).code, 0)
  })
}

t.test('a module that is in neither language, where it may be of either', async t => {
  const server = spawnServer(t, {
    cwd: testdir(t, { 'package.json': '{}', 'manage.py': '' }),
    spec: 'shop.wsgi',
    args: ['--check-config'],
    bind: '',
    expectErrors: [messages.appLoadFailed],
  })
  t.equal((await server.ended()).code, 4)
  const [line] = server.logged(messages.appLoadFailed)
  t.match(line?.msg, /module "shop\.wsgi" was not found in \S+; tried shop\.wsgi, shop\/wsgi\.ts, .* of that name; for/)
  t.match(line?.msg, /; for an application in Python, shop\/wsgi\.py, shop\/wsgi\/__init__\.py$/)
})

t.test('a Django project is found by its manage.py', async t => {
  const files = { 'manage.py': '', 'shop/wsgi.py': hello }
  const server = spawnPython(t, hello, { files, spec: '', args: ['--check-config'], bind: '' })
  t.equal((await server.ended()).code, 0)
  t.equal(server.logged(/^Application: shop\.wsgi:application, found beside manage\.py$/).length, 1)
})

t.test('of two Django projects none is taken', async t => {
  const files = { 'manage.py': '', 'shop/wsgi.py': hello, 'blog/wsgi.py': hello }
  const server = spawnPython(t, hello, { files, spec: '', bind: '' })
  t.equal((await server.ended()).code, 1)
  const said = /there are several: blog\.wsgi:application, shop\.wsgi:application; wanted one of them$/
  t.equal(server.logged(said).length, 1)
})

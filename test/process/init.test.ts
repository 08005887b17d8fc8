import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { python, requireModules } from '../helpers/python.js'
import { root, unicornBin } from '../helpers/root.js'
import { run } from '../helpers/run.js'
import { startServer } from '../helpers/server.js'

type Files = Readonly<Record<string, string>>

interface Kind {
  readonly files: Files
  /** Of the config file. */
  readonly config: string
  readonly app: string
  readonly args?: readonly string[]
  readonly path?: string
  readonly answers: RegExp
}

const example = (name: string): string => readFileSync(`${root}docs/examples/${name}`, 'utf8')
const fixture = (name: string): string => readFileSync(`${root}test/fixtures/${name}`, 'utf8')
const manifest = (content: object): Files => ({ 'package.json': JSON.stringify({ name: '@us/Shop', ...content }) })
const asPython = { args: ['--python', python], config: 'unicorn.config.js' }

/** A project of each kind, as small as it can be. */
const kinds: Readonly<Record<string, Kind>> = {
  'Express, by its start script': {
    files: {
      ...manifest({ type: 'module', scripts: { start: 'GREETING=Hi node --no-warnings server.js --loud' } }),
      'server.js': `import express from 'express'
express().get('/', (_, res) => res.send(process.env.GREETING + process.argv[2])).listen(3000)`,
    },
    config: 'unicorn.config.js',
    app: 'server.js',
    answers: /^Hi--loud$/,
  },
  'Fastify, by main, in CommonJS': {
    files: {
      ...manifest({ main: 'lib/start' }),
      'lib/start.js': `const app = require('fastify')()
app.get('/', async () => 'Fastify')
module.exports = app`,
    },
    config: 'unicorn.config.js',
    app: 'lib/start.js',
    answers: /^Fastify$/,
  },
  'Koa, by the Procfile': {
    files: {
      ...manifest({ type: 'module' }),
      Procfile: 'release: true\nweb: npm run web\n',
      'package.json': JSON.stringify({ type: 'module', scripts: { web: 'node bin/www.js' } }),
      'bin/www.js': `import Koa from 'koa'
new Koa().use(ctx => { ctx.body = 'Koa' }).listen(process.env.PORT)`,
    },
    config: 'unicorn.config.js',
    app: 'bin/www.js',
    answers: /^Koa$/,
  },
  'Hono, in TypeScript, whose build is not there': {
    files: {
      ...manifest({ type: 'module', scripts: { build: 'tsc', start: 'node dist/index.js' } }),
      'tsconfig.json': '{}',
      'src/index.ts': `import { Hono } from 'hono'
const app: Hono = new Hono()
app.get('/', c => c.text('Hono'))
export default app`,
    },
    config: 'unicorn.config.ts',
    app: 'src/index.ts',
    answers: /^Hono$/,
  },
  'h3, by the name of its file': {
    files: { ...manifest({ type: 'module' }), 'app.js': example('h3/app.js') },
    config: 'unicorn.config.js',
    app: 'app.js',
    answers: /^Hello from worker/,
  },
  'a script elsewhere, with arguments that a shell fills in': {
    files: {
      ...manifest({ scripts: { start: 'cd apps/api && node server.js --port $PORT --loud' } }),
      'apps/api/server.js':
        "require('node:http').createServer((_, res) => res.end(process.cwd() + process.argv.slice(2))).listen(1)",
    },
    config: 'unicorn.config.js',
    app: 'server.js',
    answers: /apps\/api--loud$/,
  },
  'Nest, by its own command': {
    files: {
      ...manifest({ scripts: { start: 'nest start' }, devDependencies: { typescript: '*' } }),
      'src/main.ts': fixture('typescript/nest/main.ts'),
      'src/greeter.ts': fixture('typescript/nest/greeter.ts'),
    },
    config: 'unicorn.config.ts',
    app: 'src/main.ts',
    path: '/hello/you',
    answers: /you/,
  },
  'Django, as startproject makes it': {
    files: {
      'manage.py': '',
      'site/__init__.py': '',
      'shop/__init__.py': '',
      'shop/settings.py': "SECRET_KEY = 'x'\nROOT_URLCONF = 'shop.urls'\nALLOWED_HOSTS = ['*']\n",
      'shop/urls.py': `from django.http import HttpResponse
from django.urls import path
urlpatterns = [path('', lambda request: HttpResponse('Django'))]
`,
      'shop/wsgi.py': `import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')
application = get_wsgi_application()
`,
    },
    ...asPython,
    app: 'shop.wsgi:application',
    answers: /^Django$/,
  },
  'Flask, by a factory': {
    files: {
      'requirements.txt': 'flask\n',
      'shop/__init__.py': `from flask import Flask
def create_app(config=None):
    app = Flask(__name__)
    app.route('/')(lambda: 'Flask')
    return app
`,
    },
    ...asPython,
    app: 'shop:create_app()',
    answers: /^Flask$/,
  },
  'Flask, in a package below src': {
    files: {
      'pyproject.toml': '[project]',
      'src/shop/__init__.py': '',
      'src/shop/greeting.py': "TEXT = 'src'\n",
      'src/shop/main.py': `from flask import Flask
from .greeting import TEXT
app = Flask(__name__)
app.route('/')(lambda: TEXT)
`,
    },
    ...asPython,
    app: 'shop.main:app',
    answers: /^src$/,
  },
  FastAPI: {
    files: {
      'main.py': `from fastapi import FastAPI
api: FastAPI = FastAPI()
@api.get('/')
async def hello():
    return 'FastAPI'
`,
    },
    ...asPython,
    app: 'main:api',
    answers: /^"FastAPI"$/,
  },
}

const unicorn = (cwd: string, ...args: string[]): Promise<string> =>
  run([process.execPath, unicornBin, ...args], { cwd })
/** The end of a command that has to fail. */
const refused = (cwd: string, ...args: string[]): Promise<string> =>
  unicorn(cwd, ...args).then(
    output => `no failure: ${output}`,
    (error: Error) => error.message,
  )

for (const [name, { files, config, app, args = [], path = '/', answers }] of Object.entries(kinds)) {
  t.test(name, async t => {
    requireModules('django', 'flask', 'fastapi')
    const cwd = testdir(t, files)
    t.match(await unicorn(cwd, 'init'), `wrote ${config}\nApplication: ${app} (`)
    t.match(readFileSync(join(cwd, config), 'utf8'), `  app: '${app}',`)
    await t.resolves(unicorn(cwd, ...args, '--check-config'))
    const server = await startServer(t, { cwd, spec: '', args, env: { WEB_CONCURRENCY: '1' } })
    t.match(await new Client(t, server.target).get(path), { status: 200, body: answers })
    t.same(await server.stop(), { code: 0, signal: null })
  })
}

t.test('what is there stays as it is', async t => {
  const cwd = testdir(t, { 'app.js': 'export default () => {}', ...manifest({ type: 'module' }), Dockerfile: 'mine' })
  const all = ['--systemd', '--procfile', '--dockerfile', '--nginx']
  const dry = await refused(cwd, 'init', ...all, '--dry-run')
  t.match(dry, /ended with 1\nwould write unicorn\.config\.js\n.*Dockerfile is there already/s)
  t.notOk(existsSync(join(cwd, 'unicorn.config.js')), 'a dry run writes nothing')
  t.match(
    await refused(cwd, 'init', ...all),
    /ended with 1\nwrote unicorn\.config\.js\nwrote shop\.service\nwrote shop\.so/,
  )
  t.equal(readFileSync(join(cwd, 'Dockerfile'), 'utf8'), 'mine')
  const service = readFileSync(join(cwd, 'shop.service'), 'utf8')
  t.match(
    service,
    /^ExecStart=\/srv\/shop\/current\/node_modules\/\.bin\/unicorn .*-c \/srv\/shop\/current\/unicorn\.config\.js/m,
  )
  t.match(readFileSync(join(cwd, 'shop.nginx.conf'), 'utf8'), /server unix:\/run\/shop\.sock/)
  t.match(readFileSync(join(cwd, 'shop.socket'), 'utf8'), /^ListenStream=\/run\/shop\.sock$/m)
  t.equal(readFileSync(join(cwd, 'Procfile'), 'utf8'), 'web: exec node_modules/.bin/unicorn\n')
  writeFileSync(join(cwd, 'unicorn.config.js'), 'module.exports = {}')
  t.match(await refused(cwd, 'init'), /ended with 1\nunicorn\.config\.js is there already/)
  t.match(await unicorn(cwd, 'init', '--nginx', '--name', 'api'), /^wrote api\.nginx\.conf\n$/)
  t.equal(readFileSync(join(cwd, 'unicorn.config.js'), 'utf8'), 'module.exports = {}')
  t.match(await unicorn(cwd, 'init', '--stdout'), /^\/\/ The settings of unicorn[\s\S]*app: 'app\.js'/)
})

t.test("Gunicorn's file is enough", async t => {
  const cwd = testdir(t, {
    'app.py': 'from flask import Flask\napp = Flask(__name__)',
    'gunicorn.conf.py': 'workers = 2\n',
  })
  t.match(await unicorn(cwd, 'init', '--procfile'), /^wrote Procfile\ngunicorn\.conf\.py is read as it is/)
  t.equal(readFileSync(join(cwd, 'Procfile'), 'utf8'), 'web: exec unicorn app:app\n')
  t.match(await unicorn(cwd, 'init', '--from', 'gunicorn.conf.py'), /^gunicorn\.conf\.py is read as it is/)
})

t.test('what it says when it cannot', async t => {
  const cwd = testdir(t, {})
  t.match(
    await refused(cwd, 'init'),
    /1\n\nunicorn: found no application in .*name it, as in: unicorn init MODULE:EXPORT\n$/,
  )
  const monorepo = testdir(t, manifest({ workspaces: ['apps/*'], scripts: { start: 'turbo run start' } }))
  t.match(await refused(monorepo, 'init'), /as in: unicorn init in the directory of one of its packages\n$/)
  t.match(await refused(cwd, 'init', '--nginks'), /unicorn init: unknown option '--nginks' \(Did you mean --nginx\?\)/)
  t.match(await refused(cwd, 'init', '--env', 'production'), /found --env, but it needs --from/)
  writeFileSync(join(cwd, 'package.json'), '{')
  t.match(await refused(cwd, 'init'), /package\.json: .*JSON/)
  t.match(await unicorn(cwd, 'init', '--help'), /named as \.\/init\.js or init:application/)
})

t.test('an application may be called init', async t => {
  const files = { 'init.js': "export const application = () => 'init'", ...manifest({ type: 'module' }) }
  const cwd = testdir(t, files)
  for (const app of ['./init.js', 'init:application', 'init.js'])
    await t.resolves(unicorn(cwd, '--check-config', app), app)
  await t.resolves(unicorn(cwd, 'init:application', '--check-config'))
})

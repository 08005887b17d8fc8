import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { until } from '../helpers/until.js'
import { copyOfExample, prepareDjango } from '../python/example.js'
import { Visitor } from '../python/visitor.js'
import { environment, releases } from './environments.js'
import { live, startMatrix, WORKERS } from './life.js'
import { type Postgres, startPostgres } from './postgres.js'

interface Case {
  readonly release: string
  readonly args: readonly string[]
  /** Threads of each process. */
  readonly threads: number
  /** In Python: how connections are kept. */
  readonly database: string
}

const CASES: readonly Case[] = [
  { release: '4.2', args: [], threads: 1, database: `'CONN_MAX_AGE': None, 'CONN_HEALTH_CHECKS': True` },
  {
    release: '5.2',
    args: ['--preload', '--threads', '2'],
    threads: 2,
    database: `'OPTIONS': {'pool': {'min_size': 1, 'max_size': 2}}`,
  },
]

/** The settings of the example, with another database. */
function settings({ host, user }: Postgres, database: string): string {
  return `from .settings import *
DATABASES = {'default': {
    'ENGINE': 'django.db.backends.postgresql', 'NAME': 'postgres', 'HOST': '${host}', 'USER': '${user}', ${database},
}}
`
}

for (const { release, args, threads, database } of CASES) {
  t.test(`Django ${release} with WhiteNoise, psycopg and PostgreSQL ${args.join(' ')}`, async t => {
    const venv = await environment(`django-${release}`, [`Django==${release}.*`, 'whitenoise', 'psycopg[binary,pool]'])
    t.comment(await releases(venv, ['Django', 'whitenoise', 'psycopg']))
    const postgres = await startPostgres(t)
    const directory = copyOfExample(t, 'django')
    writeFileSync(join(directory, 'my_project/postgres.py'), settings(postgres, database))
    const env = { DJANGO_SETTINGS_MODULE: 'my_project.postgres' }
    await prepareDjango(directory, join(venv, 'bin/python'), env)
    const spec = 'my_project.wsgi:application'
    const server = await startMatrix(t, { cwd: directory, spec, env, args: ['--python', venv, ...args] })
    const most = 2 * WORKERS * threads
    await live(t, server, async () => {
      const visitor = new Visitor(t, server.target)
      t.match(await visitor.get('/admin/'), { status: 302, headers: { location: '/admin/login/?next=/admin/' } })
      t.match(await visitor.logIn(), { status: 302, headers: { location: '/admin/' } })
      t.match(await visitor.get('/admin/'), { status: 200, body: /Site administration/ })
      const style = await visitor.get('/static/admin/css/base.css')
      t.match(style, { status: 200, headers: { 'content-type': /^text\/css/ } })
      const connections = await postgres.connections()
      t.ok(connections > 0 && connections <= most, `${connections} connections of at most ${most}`)
    })
    await until('PostgreSQL has no connection left', async () => (await postgres.connections()) === 0)
  })
}

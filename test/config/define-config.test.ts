import { pino } from 'pino'
import t from 'tap'
import { defineConfig, type UserConfig } from '../../config/define-config.js'
import type { Logger } from '../../config/hooks.js'
import type { Config } from '../../config/settings.js'

// What the compiler checks here is the point; the running test only holds that nothing is changed.

const everything = {
  workers: 'auto',
  worker_class: 'sync',
  timeout: 30,
  gracefulTimeout: '20s',
  bind: ['127.0.0.1:8000', 'unix:/run/app.sock'],
  raw_env: { NODE_ENV: 'production' },
  limitRequestBody: '10mb',
  loglevel: 'warn',
  pidfile: undefined,
  onStarting(server) {
    server.log.info(`pid ${server.pid} with ${server.config.workers.toFixed()} workers`)
  },
  async post_fork(server, worker) {
    worker.log.info({ server: server.pid, age: worker.age }, 'forked')
  },
  postRequest(worker, req, environ, res) {
    worker.log.debug(`${req.method} ${environ?.PATH_INFO} ${res.statusCode} ${worker.figures?.requests.toFixed()}`)
  },
  child_exit(_server, { reason, exitCode, signal }) {
    const text: string = reason === 'hung' ? 'hung' : `${exitCode?.toFixed()} ${signal}`
    return text
  },
} satisfies UserConfig

const wrong = [
  // @ts-expect-error: no such setting
  defineConfig({ wrokers: 3 }),
  // @ts-expect-error: no such worker class
  defineConfig({ workerClass: 'gevent' }),
  // @ts-expect-error: a hook is a function
  defineConfig({ postFork: 3 }),
  // @ts-expect-error: only on the command line
  defineConfig({ printConfig: true }),
  // @ts-expect-error: no boolean
  defineConfig({ workers: true }),
]

t.test('it returns what it got', async t => {
  t.equal(defineConfig(everything), everything)
  const later = (env: Readonly<Record<string, string | undefined>>) => defineConfig({ workers: env.CI ? 1 : 'auto' })
  t.equal(defineConfig(later), later)
  t.equal(wrong.length, 5)
})

t.test('values have the types that they are resolved to', async t => {
  const check = ({ workers, bind, timeout, pidfile, app, loglevel }: Config) => {
    const numbers: number[] = [workers, timeout]
    const texts: (string | undefined)[] = [pidfile, app.trim(), bind[0]?.kind, loglevel]
    return [...numbers, ...texts]
  }
  t.type(check, 'function')
})

t.test('the log of the hooks is a pino logger', async t => {
  const log: Logger = pino({ enabled: false })
  log.info('message')
  log.error({ err: new Error('x') }, 'message')
  t.equal(typeof log.fatal, 'function')
})

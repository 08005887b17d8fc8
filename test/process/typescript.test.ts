import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { root } from '../helpers/root.js'
import { spawnServer, startServer } from '../helpers/server.js'

/** Of two files and with an enum, so that no Node loads it without help. */
const FILES = {
  'app.ts': `import type { Application } from 'unicorn'
import { answer } from './answer'

export const application: Application = (environ, startResponse) => {
  const body = answer(environ.PATH_INFO)
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return [body]
}
`,
  'answer.ts': `enum Path {
  fail = '/fail',
  hang = '/hang',
}

interface Answers {
  readonly [path: string]: (() => string) | undefined
}

const answers: Answers = {
  [Path.fail]: () => {
    throw new Error('on purpose')
  },
  [Path.hang]: function hang(): never {
    for (;;) Math.random()
  },
}

export function answer(path: string): string {
  return answers[path]?.() ?? process.env.UNICORN_WORKER_INDEX ?? ''
}
`,
}

const spec = 'app.ts:application'
const failed = /^the application failed/

t.test('an application in TypeScript is served as it is, and its errors and hangs have its lines', async t => {
  const expectErrors = [failed, messages.hangs, messages.timeout, messages.exited]
  const server = await startServer(t, { files: FILES, spec, workers: 2, args: ['--timeout', '1'], expectErrors })
  const client = new Client(t, server.target)
  t.match((await client.get('/')).body, /^[01]$/)
  t.equal((await client.get('/fail')).status, 500)
  const { err } = await server.log(failed)
  t.match(err, { stack: `${server.cwd}/answer.ts:12:` })
  t.match(err, { stack: `${server.cwd}/app.ts:5:` })

  const cut = t.rejects(client.get('/hang'))
  const { msg } = await server.log(messages.hangs)
  t.match(msg, /event loop blocked for .* in .*hang/)
  t.match(msg, `${server.cwd}/answer.ts:15:`)
  await server.ready(3)
  await cut
})

t.test('TypeScript that does not compile: one message, with file, line, column and source', async t => {
  const files = { ...FILES, 'answer.ts': 'export const answer = (path: string) => {\n  const a: = path\n}\n' }
  const server = spawnServer(t, { files, spec, expectErrors: [/./] })
  t.same(await server.ended(), { code: 4, signal: null })
  const [line, ...more] = server.logged(messages.appLoadFailed)
  t.same(more, [])
  t.match(
    line?.msg,
    `${server.cwd}/app.ts failed to load: ${server.cwd}/answer.ts:2:12: Unexpected token: const a: = path`,
  )
  t.match(line, {
    err: { stack: /^[^\n]*answer\.ts:2\n {2}const a: = path\n {11}\^\n\nSyntaxError: Unexpected token/ },
  })
})

t.test('a config file in TypeScript', async t => {
  const config = `import { defineConfig } from 'unicorn'
import { Count } from './count'
export default defineConfig({
  app: '${spec}',
  workers: Count.two,
  postFork(_server, worker): void {
    worker.log.info(\`forked \${worker.index}\`)
  },
})
`
  const files = { ...FILES, 'unicorn.config.ts': config, 'count.ts': 'export enum Count { two = 2 }\n' }
  const server = spawnServer(t, { files, spec: '' })
  await server.ready(2)
  await server.log(/^forked/, { count: 2 })
  t.same(
    server
      .logged(/^forked/)
      .map(({ msg }) => msg)
      .sort(),
    ['forked 0', 'forked 1'],
  )
})

t.test('NestJS as it is written: decorators with metadata, and main.ts that listens by itself', async t => {
  const cwd = `${root}test/fixtures/typescript/nest`
  const server = await startServer(t, { cwd, spec: 'main.ts', workers: 2 })
  const client = new Client(t, server.target)
  t.equal((await client.get('/hello/world')).body, 'Hello, world')
  t.equal((await client.get('/fail')).status, 500)
  await server.stop()
  // Nest writes it to standard error.
  for (const pattern of [/Not today, you/, /greeter\.ts:10:11/, /main\.ts:21:/]) await t.resolves(server.log(pattern))
})

t.test('compiled TypeScript with source maps, where Node is told to follow them', async t => {
  // All of the first line is from line 11 of the source.
  const map = { version: 3, file: 'app.js', sources: ['../src/app.ts'], names: [], mappings: 'AAUI' }
  const files = {
    'app.js': 'export function application() { throw new Error("on purpose") }\n//# sourceMappingURL=app.js.map\n',
    'app.js.map': JSON.stringify(map),
  }
  const env = { NODE_OPTIONS: '--enable-source-maps' }
  const server = await startServer(t, { files, app: files['app.js'], env, expectErrors: [failed] })
  t.equal((await new Client(t, server.target).get('/fail')).status, 500)
  t.match(await server.log(failed), { err: { stack: `${join(server.cwd, '../src/app.ts')}:11:5` } })
})

t.test('a release in TypeScript is replaced by moving a link', async t => {
  const directory = testdir(t, {})
  for (const version of ['1', '2']) {
    mkdirSync(join(directory, version))
    writeFileSync(join(directory, version, 'version.ts'), `export enum Version { own = '${version}' }`)
    writeFileSync(
      join(directory, version, 'app.ts'),
      `import { Version } from './version'
export const application = (_: object, start: (status: string, headers: []) => void) => (start('200 OK', []), [Version.own])`,
    )
  }
  const current = join(directory, 'current')
  symlinkSync('1', current)
  const server = await startServer(t, { cwd: directory, spec, args: ['--chdir', current] })
  const client = new Client(t, server.target)
  const old = server.worker()
  t.equal((await client.get()).body, '1')
  symlinkSync('2', `${current}.new`)
  renameSync(`${current}.new`, current)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await gone(old)
  t.equal((await client.get()).body, '2')
})

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { hello } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { type ServerOptions, spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'

/** Answers with the variables that the path names, and what a preload has left. */
const SHOW = `export const application = ({ PATH_INFO }, start) => {
  start('200 OK', [])
  const names = PATH_INFO.slice(1).split(',')
  return [JSON.stringify([...names.map(name => process.env[name] ?? null), ...(globalThis.loaded ?? [])])]
}`

/** A directory with files in it, and in directories below. */
function directory(t: Test, files: Readonly<Record<string, string>>): string {
  const base = shortDir(t)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(base, dirname(path)), { recursive: true })
    writeFileSync(join(base, path), content)
  }
  return base
}

async function shown(t: Test, server: Server, names: string): Promise<unknown> {
  return JSON.parse((await new Client(t, server.target).get(`/${names}`)).body)
}

t.test(
  'envFile: the last file wins, the environment wins over it, --env over all; HUP and USR2 read it anew',
  async t => {
    const server = await startServer(t, {
      app: SHOW,
      files: { '.env': 'A=file # a comment\nB="two\nlines"\nC=file\nD=file', 'local.env': 'export D=local' },
      env: { C: 'environment' },
      args: ['--env-file', '.env', '--env-file=local.env', '--env', 'A=option'],
    })
    t.same(await shown(t, server, 'A,B,C,D'), ['option', 'two\nlines', 'environment', 'local'])
    writeFileSync(join(server.cwd, 'local.env'), 'D=changed')
    server.signal('SIGHUP')
    await server.log(messages.exited)
    t.same(await shown(t, server, 'B,D'), ['two\nlines', 'changed'])
    writeFileSync(join(server.cwd, 'local.env'), 'D=again')
    const successor = await startUpgrade(t, server)
    await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === successor)
    await stopArbiter(server.pid)
    await server.log(messages.upgraded)
    t.same(await shown(t, server, 'B,D'), ['two\nlines', 'again'])
  },
)

t.test('envFile: a file that is missing or broken is refused, at the start and by HUP', async t => {
  const refused = [
    { file: 'none.env', says: /envFile: found no such file: \/.*none\.env.* \(config file .*\)/ },
    { file: '.', says: /envFile: found EISDIR/ },
    { file: 'app.js', says: /envFile: found no variables in .*app\.js, wanted lines of NAME=VALUE/ },
  ]
  for (const { file, says } of refused) {
    const files = { 'unicorn.config.json': JSON.stringify({ envFile: file }) }
    const server = spawnServer(t, { app: 'export { x }', files })
    t.same(await server.ended(), { code: 1, signal: null }, file)
    t.match(server.lines.map(({ msg }) => msg).join(), says)
  }
  const options = { files: { '.env': 'A=1' }, app: SHOW, expectErrors: [messages.reloadRefused] }
  const server = await startServer(t, { ...options, args: ['--env-file', '.env'] })
  writeFileSync(join(server.cwd, '.env'), 'nothing\n')
  server.signal('SIGHUP')
  await server.log(messages.reloadRefused)
  t.same(await shown(t, server, 'A'), ['1'])
})

t.test(
  'envFile has settings too, and what the config file asks for; it starts where the server was started',
  async t => {
    const files = {
      'prod.env': 'WEB_CONCURRENCY=3\nNAME=prod',
      'unicorn.config.mjs': 'export default ({ NAME }) => ({ procName: NAME, chdir: "sub" })',
      'sub/app.js': '',
    }
    const server = spawnServer(t, {
      cwd: directory(t, files),
      bind: '',
      args: ['--print-config', '--env-file', 'prod.env'],
    })
    t.same(await server.ended(), { code: 0, signal: null })
    const printed = server.stdout.lines.map(({ msg }) => msg).join('\n')
    t.match(printed, /^workers += 3 +# env file WEB_CONCURRENCY$/m)
    t.match(printed, /^procName += prod +# config file/m)
  },
)

t.test("the worker's index: what the user sets wins, and its second variable has another name, or none", async t => {
  const names = 'UNICORN_WORKER_INDEX,NODE_APP_INSTANCE,MY_INDEX'
  const cases: readonly { options: ServerOptions; wanted: unknown }[] = [
    { options: {}, wanted: ['0', '0', null] },
    { options: { args: ['-e', 'NODE_APP_INSTANCE='] }, wanted: ['0', '', null] },
    { options: { args: ['--instance-var', 'MY_INDEX'] }, wanted: ['0', null, '0'] },
    {
      options: {
        args: ['--env-file', '.env'],
        files: { '.env': 'NODE_APP_INSTANCE=blue', 'unicorn.config.json': '{ "instance_var": "none" }' },
      },
      wanted: ['0', 'blue', null],
    },
  ]
  for (const { options, wanted } of cases) {
    t.same(await shown(t, await startServer(t, { app: SHOW, ...options }), names), wanted)
  }
})

const PRELOADS = {
  'first.mjs': 'globalThis.loaded.push("first")',
  'second.cjs': 'globalThis.loaded = ["second"]',
  '.env': 'FROM=start',
  'sub/app.js': SHOW,
  'sub/package.json': '{ "type": "module" }',
}

t.test('relative paths in options of Node start where the server was started, through HUP and USR2', async t => {
  const server = await startServer(t, {
    cwd: directory(t, PRELOADS),
    args: ['--chdir', 'sub'],
    env: { NODE_OPTIONS: '--import ./first.mjs --require "./second.cjs"' },
    nodeArgs: ['--env-file=.env'],
  })
  const wanted = ['start', 'second', 'first']
  t.same((await shown(t, server, 'FROM')) as string[], wanted)
  server.signal('SIGHUP')
  await server.log(messages.exited)
  t.same(await shown(t, server, 'FROM'), wanted)
  const successor = await startUpgrade(t, server)
  await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === successor)
  await stopArbiter(server.pid)
  await server.log(messages.upgraded)
  t.same(await shown(t, server, 'FROM'), wanted)
})

t.test('a worker that Node refuses to start is reported with its reason', async t => {
  const expectErrors = [messages.bootFailed, messages.exited, messages.gaveUp]
  const args = ['-e', 'NODE_OPTIONS=--env-file=.env']
  const server = spawnServer(t, { app: hello, args, expectErrors })
  t.same(await server.ended(), { code: 3, signal: null })
  t.match(await server.log(messages.bootFailed), { msg: /Node refuses to start it: .*--env-file= is not allowed/ })
  const script = { app: hello, spec: '', expectErrors }
  const given = spawnServer(t, { ...script, args: ['app.js', '--', '--greeting', '--env-file=none.env'] })
  t.same(await given.ended(), { code: 3, signal: null })
  t.match(await given.log(messages.bootFailed), { msg: /Node refuses to start it: .*none\.env: not found/ })
  const failing = spawnServer(t, { app: hello, args: ['-e', 'NODE_OPTIONS=--import ./none.mjs'], expectErrors })
  t.same(await failing.ended(), { code: 3, signal: null })
  t.match(await failing.log(messages.bootFailed), { msg: /a module that Node loads first has failed: \.\/none\.mjs/ })
})

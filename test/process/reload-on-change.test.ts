import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello, says } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import type { LogLine } from '../helpers/log.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { root } from '../helpers/root.js'
import { spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { openWebSocket } from '../helpers/web-socket.js'

const args = ['--reload']
const failures = [messages.appLoadFailed, messages.exited, messages.reloadFailed]

/** Answers with what `./lib/text.js` exports. */
const importing = hello.replace('String(process.pid)', 'text').replace(/^/, "import { text } from './lib/text.js'\n")
const text = (value: string): string => `export const text = '${value}'\n`
const files = { 'package.json': '{ "type": "module" }' }

/** A file of the application is saved; resolves, with the line that says so, when only its new workers serve. */
async function save(server: Server, name: string, content: string): Promise<LogLine> {
  const after = server.lines.at(-1)
  const old = server.workers()
  writeFileSync(join(server.cwd, name), content)
  const line = await server.log(messages.reloaded, after && { after })
  await gone(...old)
  return line
}

function write(server: Server, name: string, content: string): void {
  mkdirSync(join(server.cwd, name, '..'), { recursive: true })
  writeFileSync(join(server.cwd, name), content)
}

/** What was said to have changed, in order. */
function changes(server: Server): unknown[] {
  return server.logged(messages.changed).flatMap(({ files }) => files)
}

t.test('what a module imports is watched, and nothing else', async t => {
  const server = spawnServer(t, { app: says('first'), files, workers: 2, args, expectErrors: [] })
  await server.ready(2)
  const client = new Client(t, server.target)
  t.equal((await client.get()).body, 'first')
  write(server, 'lib/text.js', text('one'))
  await save(server, 'app.js', importing)
  t.equal((await client.get()).body, 'one')
  t.equal(server.workers().length, 2)
  write(server, 'lib/unused.js', '')
  await save(server, 'lib/text.js', text('two'))
  t.equal((await client.get()).body, 'two')
  await save(server, 'app.js', says('last'))
  write(server, 'lib/text.js', text('no longer imported'))
  await save(server, 'app.js', says('very last'))
  const names = ['app.js', 'lib/text.js', 'app.js', 'app.js']
  t.same(
    changes(server),
    names.map(name => join(server.cwd, name)),
  )
})

t.test('a broken file is shown, the old workers go on, and mending it is enough', async t => {
  const server = await startServer(t, { app: says('old'), files, workers: 2, args, expectErrors: failures })
  const client = new Client(t, server.target)
  const old = server.workers()
  writeFileSync(join(server.cwd, 'app.js'), "import './lib/new.js'\nexport function application( {")
  const { msg } = await server.log(messages.appLoadFailed)
  t.match(msg, `${server.cwd}/app.js:2:`)
  await server.log(messages.reloadFailed)
  t.equal(server.logged(messages.appLoadFailed).length, 1, 'shown once, not by each worker')
  t.equal((await client.get()).body, 'old')
  t.same(server.workers(), old)

  const broken = server.lines.at(-1)
  writeFileSync(join(server.cwd, 'app.js'), importing)
  await server.log(messages.reloadFailed, broken && { after: broken })
  const missing = server.lines.at(-1)
  mkdirSync(join(server.cwd, 'lib'))
  writeFileSync(join(server.cwd, 'lib/text.js'), text('made'))
  await server.log(messages.reloaded, missing && { after: missing })
  await gone(...old)
  t.equal((await client.get()).body, 'made', 'a module that was missing is waited for')
})

t.test('a server whose first workers cannot boot waits for a change', async t => {
  const expectErrors = [messages.appLoadFailed, messages.exited, messages.waitsForChange]
  const server = spawnServer(t, { app: importing, files, workers: 2, args, expectErrors })
  await server.log(messages.waitsForChange)
  const client = new Client(t, server.target)
  const answer = client.get()
  mkdirSync(join(server.cwd, 'lib'))
  writeFileSync(join(server.cwd, 'lib/text.js'), text('at last'))
  t.equal((await answer).body, 'at last', 'whoever came meanwhile is answered')
  await server.ready(2)
  t.equal(server.workers().length, 2)
})

t.test('no file that could be mended: the server ends as it does without --reload', async t => {
  const expectErrors = [messages.appLoadFailed, messages.exited, messages.gaveUp]
  const server = spawnServer(t, { spec: 'nosuch', args, expectErrors })
  t.equal((await server.ended()).code, 4)
})

t.test('it can be stopped while it waits', async t => {
  const expectErrors = [messages.appLoadFailed, messages.exited, messages.waitsForChange]
  const server = spawnServer(t, { app: 'throw new Error("on purpose")', args, expectErrors })
  await server.log(messages.waitsForChange)
  t.equal((await server.stop()).code, 0)
})

t.test('CommonJS and JSON', async t => {
  const app = `const { text } = require('./lib')
exports.application = (environ, start) => (start('200 OK', []), [text + require('./data.json').text])`
  const commonjs = { 'package.json': '{}', 'data.json': '{ "text": "1" }' }
  const server = spawnServer(t, {
    app,
    files: commonjs,
    args: [...args, '--log-level', 'debug'],
    expectErrors: [messages.appLoadFailed, messages.exited, messages.waitsForChange],
  })
  await server.log(messages.waitsForChange)
  const waits = server.lines.at(-1)
  write(server, 'lib/index.js', 'exports.text = "a"')
  await server.log(messages.reloaded, waits && { after: waits })
  const client = new Client(t, server.target)
  t.equal((await client.get()).body, 'a1')
  const reloaded = await save(server, 'lib/index.js', 'exports.text = "b"')
  t.equal((await client.get()).body, 'b1', 'found as a directory; the JSON is loaded with the first request')
  const isData = ({ msg, files }: LogLine): boolean =>
    messages.watched.test(msg) && JSON.stringify(files).includes('.json')
  await server.log(isData, { after: reloaded })
  await save(server, 'data.json', '{ "text": "2" }')
  t.equal((await client.get()).body, 'b2')
})

t.test('TypeScript, and the config file with what it imports', async t => {
  const app = `import type { Application } from 'unicorn'
import { Text } from './text'
export const application: Application = (_environ, start) => (start('200 OK', []), [Text.value + process.env.TEXT])`
  const server = await startServer(t, {
    spec: 'app.ts:application',
    args,
    files: {
      'app.ts': app,
      'text.ts': 'export enum Text { value = "a" }',
      'unicorn.config.ts': `import { env } from './env'
export default { rawEnv: env }`,
      'env.ts': `export const env: string[] = ['TEXT=1']`,
    },
  })
  const client = new Client(t, server.target)
  t.equal((await client.get()).body, 'a1')
  await save(server, 'text.ts', 'export enum Text { value = "b" }')
  t.equal((await client.get()).body, 'b1')
  await save(server, 'env.ts', `export const env: string[] = ['TEXT=2']`)
  t.equal((await client.get()).body, 'b2')
  await save(server, 'unicorn.config.ts', `export default { rawEnv: ['TEXT=3'] }`)
  t.equal((await client.get()).body, 'b3')
})

t.test('extra files: a file, and a glob', async t => {
  const more = ['--reload-extra-file', '.env', '--reload-extra-file', 'views/**/*.html']
  const server = await startServer(t, { files, args: [...args, ...more] })
  await save(server, '.env', 'A=1')
  mkdirSync(join(server.cwd, 'views'))
  await server.log(messages.reloaded, { count: 2 })
  await save(server, 'views/page.html', '<p>')
  t.same(
    changes(server),
    ['.env', 'views', 'views/page.html'].map(name => join(server.cwd, name)),
  )
})

t.test('connections that stay get the new code: idle ones are closed, and WebSockets too', async t => {
  const app = `import { createServer } from 'node:http'
import { WebSocketServer } from '${root}node_modules/ws/wrapper.mjs'
export const application = createServer((req, res) => res.end(String(process.pid)))
new WebSocketServer({ server: application })`
  const server = await startServer(t, { app, files, args })
  const client = new Client(t, server.target, { keepAlive: true })
  const [old] = server.workers()
  t.equal((await client.get()).pid, old)
  const socket = await openWebSocket(t, server.target)
  const closed = once(socket, 'close')
  await save(server, 'app.js', `${app}\n`)
  await closed
  t.not((await client.get()).pid, old)
})

t.test('what is broken can be in the config file', async t => {
  const server = await startServer(t, {
    args,
    files: { 'unicorn.config.mjs': 'export default {}' },
    expectErrors: [messages.reloadRefused],
  })
  writeFileSync(join(server.cwd, 'unicorn.config.mjs'), 'export default { wrokers: 2 }')
  const { err } = await server.log(messages.reloadRefused)
  t.match(err, { message: /wrokers/ })
  await save(server, 'unicorn.config.mjs', 'export default { workers: 2 }')
  t.equal(server.workers().length, 2)
})

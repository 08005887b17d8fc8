import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { type ServerOptions, spawnServer, startServer } from '../helpers/server.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'

const SCRIPT = `require('node:http').createServer((_, res) => res.end(JSON.stringify(process.argv.slice(2)))).listen(3000)`
const ARGS = ['--greeting', 'hi there', '-w', '7', '--', '']

const script = (file: string): ServerOptions => ({ spec: file, files: { [file]: SCRIPT } })
const seenBy = async (client: Client): Promise<unknown> => JSON.parse((await client.get()).body)

t.test('what follows -- is process.argv.slice(2), and is kept by HUP and USR2', async t => {
  const server = await startServer(t, { ...script('app.cjs'), spec: '', args: ['app.cjs', '--', ...ARGS] })
  const client = new Client(t, server.target)
  t.same(await seenBy(client), ARGS)
  server.signal('SIGHUP')
  await server.log(messages.exited)
  t.same(await seenBy(client), ARGS)
  const successor = await startUpgrade(t, server)
  await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === successor)
  await stopArbiter(server.pid)
  await server.log(messages.upgraded)
  t.same(await seenBy(client), ARGS)
})

t.test('the config file has them too; a reload brings new ones, and the preloads of a worker see them', async t => {
  const config = (args: unknown) => JSON.stringify({ app: 'app.mjs:application', args })
  const server = await startServer(t, {
    spec: '',
    args: ['-e', 'NODE_OPTIONS=--require ./first.cjs'],
    files: {
      'unicorn.config.json': config('--from "the file" 1'),
      'first.cjs': 'globalThis.first = process.argv.slice(2)',
      'app.mjs': `export const application = (_, start) => {
        start('200 OK', [])
        return [JSON.stringify([process.argv.slice(2), globalThis.first])]
      }`,
    },
  })
  const client = new Client(t, server.target)
  const before = ['--from', 'the file', '1']
  t.same(await seenBy(client), [before, before])
  writeFileSync(join(server.cwd, 'unicorn.config.json'), config(['--from', 2]))
  server.signal('SIGHUP')
  await server.log(messages.exited)
  t.same(await seenBy(client), [
    ['--from', '2'],
    ['--from', '2'],
  ])
})

t.test('--check-config gives them to the application', async t => {
  const app = 'console.log(JSON.stringify(process.argv.slice(2)))\nexport const application = () => []'
  const server = spawnServer(t, { app, spec: '', bind: '', args: ['--check-config', 'app.js', '--', ...ARGS] })
  t.same(await server.ended(), { code: 0, signal: null })
  t.same(
    server.stdout.lines.map(({ msg }) => msg),
    [JSON.stringify(ARGS)],
  )
})

const LAUNCHER = `#!/bin/sh
basedir=$(dirname "$(echo "$0" | sed -e 's,\\\\,/,g')")
if [ -x "$basedir/node" ]; then
  exec "$basedir/node"  "$basedir/app.js" "$@"
else
  exec node  "$basedir/app.js" "$@"
fi
`

t.test('a script for a shell is no JavaScript: the log says so, and names the file that it starts', async t => {
  const server = spawnServer(t, { files: { start: LAUNCHER }, spec: 'start', expectErrors: [/./] })
  t.same(await server.ended(), { code: 4, signal: null })
  const { msg } = await server.log(messages.appLoadFailed)
  t.match(msg, /start is no JavaScript, but a script for \/bin\/sh; wanted the JavaScript file .*: \/.*\/app\.js/)
})

t.test('a directory is run by the main of its package.json, as by node; a port for a pid file is noticed', async t => {
  const files = {
    'package.json': '{ "main": "other" }',
    'index.js': 'throw new Error("not this")',
    'other.cjs': SCRIPT,
  }
  const server = await startServer(t, { files, spec: '.', args: ['-p', '3000'] })
  t.same(await seenBy(new Client(t, server.target)), [])
  t.match(await server.log(/pidfile/), {
    level: 'warn',
    msg: /3000 is the name of a file .*; to listen there: --bind :3000/,
  })
})

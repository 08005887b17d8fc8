import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type Server as NetServer } from 'node:net'
import t from 'tap'
import { atEnd, testdir } from '../helpers/at-end.js'
import { childrenOf } from '../helpers/process.js'
import { type ServerOptions, spawnServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'

interface Case {
  readonly name: string
  readonly options: ServerOptions
  readonly code: 1 | 3 | 4
  /** What standard error must say, each of them. */
  readonly says: readonly RegExp[]
}

const config = (text: string): Pick<ServerOptions, 'files'> => ({
  files: { 'unicorn.config.cjs': `module.exports = ${text}` },
})

const CASES: readonly Case[] = [
  { name: 'unknown option', options: { args: ['--wrokers', '2'] }, code: 1, says: [/--wrokers/, /--workers/] },
  { name: 'no application', options: { spec: '' }, code: 1, says: [/MODULE:EXPORT/] },
  {
    name: 'a directory below a file',
    options: { args: ['--chdir', 'app.js/x'] },
    code: 1,
    says: [/which is no directory/],
  },
  {
    name: 'unknown key in the config file',
    options: config('{ wrokers: 2 }'),
    code: 1,
    says: [/wrokers/, /workers/, /unicorn\.config\.cjs/],
  },
  {
    name: 'invalid value on the command line',
    options: { args: ['--timeout', 'soon'] },
    code: 1,
    says: [/soon/, /--timeout/],
  },
  {
    name: 'invalid value in the config file',
    options: config('{ timeout: "soon" }'),
    code: 1,
    says: [/soon/, /timeout/, /unicorn\.config\.cjs/],
  },
  {
    name: 'invalid value in the environment',
    options: { env: { WEB_CONCURRENCY: 'many' } },
    code: 1,
    says: [/many/, /WEB_CONCURRENCY/],
  },
  {
    name: 'invalid value in UNICORN_CMD_ARGS',
    options: { env: { UNICORN_CMD_ARGS: '--timeout soon' } },
    code: 1,
    says: [/soon/, /UNICORN_CMD_ARGS/],
  },
  {
    name: 'config file that throws',
    options: config('nothing'),
    code: 1,
    says: [/unicorn\.config\.cjs/, /nothing is not defined/],
  },
  { name: 'config file that is not there', options: { args: ['-c', 'gone.js'] }, code: 1, says: [/gone\.js/] },
  { name: 'directory that is not there', options: { args: ['--chdir', 'gone'] }, code: 1, says: [/gone/] },
  { name: 'no address', options: { bind: '127.0.0.1:port' }, code: 1, says: [/127\.0\.0\.1:port/] },
  { name: 'address of another machine', options: { bind: '192.0.2.1:0' }, code: 1, says: [/192\.0\.2\.1/] },
  {
    name: 'unix socket in a directory that is not there',
    options: { bind: 'unix:gone/app.sock' },
    code: 1,
    says: [/gone\/app\.sock is in a directory that does not exist/],
  },
  {
    name: 'unix socket below a file',
    options: { bind: 'unix:app.js/app.sock' },
    code: 1,
    says: [/app\.js\/app\.sock has a file where a directory should be/],
  },
  { name: 'missing module', options: { spec: 'gone:application' }, code: 4, says: [/gone/] },
  {
    name: 'missing export',
    options: { spec: 'app:aplication', app: 'export const application = () => {}; export const other = 1' },
    code: 4,
    says: [/aplication/, /application, other|other, application|"application".*"other"|application.*other/],
  },
  {
    name: 'export that cannot be called',
    options: { app: 'export const application = 42' },
    code: 4,
    says: [/application/, /42|number/],
  },
]

for (const { name, options, code, says } of CASES) {
  t.test(`${name}: exit code ${code}, and nothing is left behind`, async t => {
    const directory = shortDir(t)
    const bind = options.bind ? [] : ['--bind', `unix:${directory}/app.sock`]
    const args = [...(options.args ?? []), ...bind, '--pid', `${directory}/app.pid`]
    const server = spawnServer(t, { ...options, bind: options.bind ?? '', args, expectErrors: code === 1 ? [] : [/./] })
    t.same(await server.ended(), { code, signal: null })
    const text = server.lines.map(line => JSON.stringify(line)).join('\n')
    for (const pattern of says) t.match(text, pattern)
    t.same(readdirSync(directory), [], 'neither socket nor pid file')
    t.same(childrenOf(server.pid), [])
  })
}

t.test('address in use', async t => {
  const { listener, port } = await listenSomewhere()
  atEnd(t, () => listener.close())
  const directory = shortDir(t)
  const args = ['--bind', `unix:${directory}/app.sock`, '--bind', `127.0.0.1:${port}`, '--pid', `${directory}/app.pid`]
  const server = spawnServer(t, { bind: '', args })
  t.same(await server.ended(), { code: 1, signal: null })
  t.ok(server.logged(({ msg }) => msg.includes(`127.0.0.1:${port}`) && msg.includes('in use')).length > 0)
  t.same(readdirSync(directory), [], 'the other address was given up again')
})

t.test('pid file of a live process', async t => {
  const directory = shortDir(t)
  const cwd = testdir(t, { 'app.js': '', 'app.pid': `${process.pid}\n` })
  const args = ['--pid', 'app.pid', '--bind', `unix:${directory}/app.sock`]
  const server = spawnServer(t, { cwd, bind: '', args })
  t.same(await server.ended(), { code: 1, signal: null })
  t.ok(server.logged(({ msg }) => msg.includes('app.pid') && msg.includes(String(process.pid))).length > 0)
  t.ok(existsSync(`${cwd}/app.pid`))
  t.same(readdirSync(directory), [])
})

async function listenSomewhere(): Promise<{ listener: NetServer; port: number }> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  // A server that listens on a port has an object as its address.
  const { port } = listener.address() as AddressInfo
  return { listener, port }
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello } from '../helpers/apps.js'
import { messages } from '../helpers/messages.js'
import { type ServerOptions, spawnServer } from '../helpers/server.js'

interface Case extends ServerOptions {
  readonly name: string
  readonly code: 0 | 1 | 3 | 4
}

const CASES: readonly Case[] = [
  { name: 'an application that loads', code: 0 },
  { name: 'a configuration that is refused', code: 1, args: ['--workers', '0'] },
  {
    name: 'an application that never loads',
    code: 3,
    app: 'await new Promise(() => {})',
    args: ['--boot-timeout', '3s'],
    expectErrors: [messages.bootFailed],
  },
  {
    name: 'an application that does not load',
    code: 4,
    app: 'throw new Error("on purpose")',
    expectErrors: [messages.appLoadFailed],
  },
  { name: 'an application that would say when it is ready', code: 0, args: ['--wait-ready'] },
]

for (const { name, code, args = [], ...options } of CASES) {
  t.test(`--check-config with ${name}: exit code ${code}, and nothing is served`, async t => {
    const server = spawnServer(t, { ...options, args: [...args, '--check-config', '--pid', 'app.pid'], bind: '' })
    t.same(await server.ended(), { code, signal: null })
    t.same(server.logged(messages.listening), [])
    t.notOk(existsSync(join(server.cwd, 'app.pid')))
  })
}

t.test('--check-config loads the application as a worker does', async t => {
  const app = `console.log(JSON.stringify([process.env.UNICORN_WORKER_INDEX, process.env.COLOUR, process.cwd()]))\n${hello}`
  const server = spawnServer(t, { app, args: ['--check-config', '--env', 'COLOUR=grey'], bind: '' })
  t.same(await server.ended(), { code: 0, signal: null })
  t.same(
    server.stdout.lines.map(({ msg }) => msg),
    [JSON.stringify(['0', 'grey', server.cwd])],
  )
})

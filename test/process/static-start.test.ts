import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

t.test('a directory that is missing is an error of the start', async t => {
  const server = spawnServer(t, { args: ['--static', '/static=./missing'], expectErrors: [/./] })
  t.same(await server.ended(), { code: 3, signal: null })
  const says = /--static \/static=\/.*\/missing: ENOENT.*wanted a directory of files to serve, or one file$/
  t.ok(server.logged(says).length > 0)
})

t.test('a reload that does not find it is taken back', async t => {
  const cwd = testdir(t, {
    'app.js': 'export const application = (environ, startResponse) => (startResponse("200 OK", []), [])',
  })
  mkdirSync(join(cwd, 'public'))
  writeFileSync(join(cwd, 'public/a.txt'), 'here')
  const missing = /--static \/static=.*ENOENT/
  const server = await startServer(t, {
    cwd,
    args: ['--static', '/static=public'],
    expectErrors: [missing, messages.exited, messages.reloadFailed],
  })
  const client = new Client(t, server.target)
  t.equal((await client.get('/static/a.txt')).body, 'here')
  rmSync(join(cwd, 'public'), { recursive: true })
  server.signal('SIGHUP')
  await server.log(messages.reloadFailed)
  await t.resolves(
    until('the old workers serve, and the file is gone', async () => (await client.get('/static/a.txt')).body === ''),
  )
})

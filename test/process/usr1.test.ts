import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { handling } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

t.test('workers reopen the access log', async t => {
  const server = await startServer(t, { args: ['--access-logfile', 'access.log'], workers: 2 })
  const file = join(server.cwd, 'access.log')
  const client = new Client(t, server.target)
  await client.get('/before')
  await until('the request is logged', () => read(file).includes('/before'))
  renameSync(file, `${file}.1`)
  server.signal('SIGUSR1')
  await server.log(handling('usr1'))
  await until('the file is there again', () => existsSync(file))
  // Each worker reopens by itself: when one has not yet, its line goes to the old file.
  await until('new lines go to the new file', async () => {
    await client.many(4, '/after')
    return read(file).includes('/after')
  })
  t.notMatch(read(file), /\/before/)
})

t.test('the arbiter reopens the error log', async t => {
  const server = spawnServer(t, { args: ['--error-logfile', 'error.log'] })
  const file = join(server.cwd, 'error.log')
  await until('the worker is ready', () => read(file).includes('Worker ready'))
  renameSync(file, `${file}.1`)
  server.signal('SIGUSR1')
  await until('the file is there again', () => existsSync(file))
  server.signal('SIGTERM')
  t.same(await server.ended(), { code: 0, signal: null })
  t.match(read(file), /Handling signal: term/)
  t.match(read(file), /Worker exiting/, 'the worker writes to the new file too')
  t.notMatch(read(`${file}.1`), /Handling signal: term/)
})

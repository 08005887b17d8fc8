import t from 'tap'
import { startServer } from '../helpers/server.js'

t.test('Ctrl-C sends INT to the whole process group: everybody goes, exit code 0, no errors', async t => {
  const server = await startServer(t, { workers: 3, detached: true })
  process.kill(-server.pid, 'SIGINT')
  t.same(await server.ended(), { code: 0, signal: null })
})

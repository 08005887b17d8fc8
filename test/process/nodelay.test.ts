import t from 'tap'
import { mischief } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { startServer } from '../helpers/server.js'

for (const workerClass of ['async', 'sync']) {
  t.test(
    `${workerClass}: accepted connections have TCP_NODELAY, so that a response in two writes is not held back`,
    async t => {
      const server = await startServer(t, { app: mischief, args: ['--worker-class', workerClass] })
      t.equal((await new Client(t, server.target).get('/nodelay')).body, '1')
    },
  )
}

import t from 'tap'
import { mischief } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { startServer } from '../helpers/server.js'

for (const workerClass of ['async', 'sync']) {
  t.test(
    `${workerClass}: accepted connections have TCP_NODELAY, so that a response in two writes is not held back`,
    async t => {
      // The option is inherited from the listener, whatever engine there is; only this one has a socket to be asked.
      const args = ['--worker-class', workerClass, '--http-engine', 'node']
      const server = await startServer(t, { app: mischief, args })
      t.equal((await new Client(t, server.target).get('/nodelay')).body, '1')
    },
  )
}

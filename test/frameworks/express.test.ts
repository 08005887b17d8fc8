import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { spawnServer } from '../helpers/server.js'
import { startExample } from './example.js'
import { holdsWhatNodeHolds } from './suite.js'

holdsWhatNodeHolds(
  { folder: 'express', script: 'server.js' },
  {
    pages: { broken: [500, /<pre>Error: broken on purpose<br>/], missing: [404, /<pre>Cannot GET \/nowhere<\/pre>/] },
    closed: /^Server closed/,
  },
)

t.test('an exported application', async t => {
  const server = await startExample(t, { folder: 'express', script: 'app.js' }, { env: { NODE_ENV: 'production' } })
  const client = new Client(t, server.target)
  t.match(await client.get('/users/7'), { status: 200, body: '{"id":"7","fields":"all"}' })
  t.match(await client.get('/broken'), { status: 500, body: /<pre>Internal Server Error<\/pre>/ })
  t.same(server.logged(/listen/), [], 'nothing listens that would be ignored')
})

t.test('a router, which could serve nothing, is refused', async t => {
  const files = { 'app.cjs': "module.exports = require('express').Router()" }
  for (const interfaceName of ['auto', 'node']) {
    const args = ['--interface', interfaceName, '--check-config']
    const server = spawnServer(t, { files, spec: 'app.cjs', args, expectErrors: [/./] })
    t.same(await server.exit, { code: 4, signal: null })
    t.match(
      server.logged(messages.appLoadFailed)[0]?.msg,
      /it is a router of Express; wanted an application that uses it/,
    )
  }
})

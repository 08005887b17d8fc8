import t from 'tap'
import { Client } from '../helpers/http.js'
import { startServer } from '../helpers/server.js'
import { holdsWhatNodeHolds } from './suite.js'

holdsWhatNodeHolds(
  { folder: 'hapi', script: 'server.cjs' },
  {
    pages: {
      broken: [
        500,
        /^\{"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"\}$/,
      ],
      missing: [404, /^\{"statusCode":404,"error":"Not Found","message":"Not Found"\}$/],
    },
    closed: /^Stopped/,
  },
)

/** A plugin that needs a moment, an export for tests, and perhaps a start. */
const app = (start: string): string => `'use strict'
  const { setTimeout: sleep } = require('node:timers/promises')
  const server = require('@hapi/hapi').server({ port: 3000 })
  server.events.on('stop', () => console.log('Stopped'))
  const plugin = { name: 'slow', register: async server => {
    await sleep(20)
    server.route({ method: 'GET', path: '/', handler: () => 'exported' })
  } }
  const registered = server.register(plugin)
  ${start}
  module.exports = server`

t.test('a script that exports its server and starts it later is not started twice', async t => {
  const files = { 'app.cjs': app('registered.then(() => server.start())') }
  const server = await startServer(t, { files, spec: 'app.cjs' })
  t.match(await new Client(t, server.target).get(), { status: 200, body: 'exported' })
  t.equal(server.logged(/listen\(3000\)/).length, 1)
  await server.stop()
  t.equal(server.stdout.all(/^Stopped/).length, 1)
})

t.test('one that only exports its server has it initialized', async t => {
  const server = await startServer(t, { files: { 'app.cjs': app('') }, spec: 'app.cjs' })
  t.match(await new Client(t, server.target).get(), { status: 200, body: 'exported' })
  await server.stop()
  t.equal(server.stdout.all(/^Stopped/).length, 1)
})

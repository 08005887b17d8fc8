import t from 'tap'
import { Client } from '../helpers/http.js'
import { startServer } from '../helpers/server.js'
import { startExample } from './example.js'
import { holdsWhatNodeHolds } from './suite.js'
import { answersBeforeItStops } from './traits.js'

holdsWhatNodeHolds(
  { folder: 'fastify', script: 'server.js' },
  {
    pages: {
      broken: [500, /^\{"statusCode":500,"error":"Internal Server Error","message":"broken on purpose"\}$/],
      missing: [404, /^\{"message":"Route GET:\/nowhere not found","error":"Not Found","statusCode":404\}$/],
    },
    closed: /^Closed/,
  },
)

t.test('an application that a factory builds is made ready, and closed', async t => {
  const example = { folder: 'fastify', script: 'app.js:build({"logger": true})' }
  const server = await startExample(t, example, { workers: 2 })
  t.equal(server.stdout.all(/^Ready/).length, 2)
  t.match(await new Client(t, server.target).get('/users/7'), { status: 200, body: '{"id":"7","fields":"all"}' })
  await server.stdout.wait(({ msg, reqId }) => msg === 'request completed' && reqId !== undefined)
  await answersBeforeItStops(t, server, /^Closed/)
})

/** A plugin that needs a moment, and a route behind it. */
const app = (start: string): string => `'use strict'
  const { setTimeout: sleep } = require('node:timers/promises')
  const app = require('fastify')()
  app.addHook('onClose', async () => console.log('Closed'))
  const run = async () => {
    await app.register(async () => sleep(20))
    app.get('/', async () => 'exported')
    await app.listen({ port: 3000 })
  }
  ${start}
  module.exports = app`

t.test('a script that exports its application and starts it later is not started twice', async t => {
  const server = await startServer(t, { files: { 'app.cjs': app('run()') }, spec: 'app.cjs' })
  t.match(await new Client(t, server.target).get(), { status: 200, body: 'exported' })
  t.equal(server.logged(/listen\(3000\)/).length, 1)
  await server.stop()
  t.equal(server.stdout.all(/^Closed/).length, 1)
})

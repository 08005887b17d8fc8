import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { type ServerOptions, spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

function options(content: string, more: ServerOptions = {}): ServerOptions {
  return { files: { 'app.cjs': content }, spec: 'app.cjs', ...more }
}

/** What the application has printed, but for the worker's pid. */
const said = (server: Server): string[] => server.stdout.lines.map(({ msg }) => msg)

/** Asks `HOLDS` and waits for its answer. */
const HOLD = `const http = require('node:http')
const say = (...words) => console.log(words.join(' '))
const hold = name => new Promise((resolve, reject) => {
  http.get(process.env.HOLDS + '/' + name, { agent: false }, res => res.resume().on('end', resolve)).on('error', reject)
})
`

interface Framework {
  readonly name: string
  /** Exports `app`, which answers \`/hold\` when it may, and says when it is ready and when it ends. */
  readonly app: string
  /** Makes its start fail. */
  readonly breaks: string
  /** In the message then. */
  readonly failure: RegExp
}

const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'Fastify',
    app: `${HOLD}const app = require('fastify')()
app.register(async instance => {
  instance.get('/hold', async () => { await hold('request'); return String(process.pid) })
})
app.addHook('onReady', async () => say('ready'))
app.addHook('onClose', async () => { await hold('close'); say('closed') })
`,
    breaks: `app.register(async () => { throw new Error('no database') })\n`,
    failure: /app\.cjs: Fastify's ready\(\) failed: no database/,
  },
  {
    name: 'Hapi',
    app: `${HOLD}const app = require('@hapi/hapi').server({ port: 3000 })
app.route({ method: 'GET', path: '/hold', handler: async () => { await hold('request'); return String(process.pid) } })
app.ext('onPreStart', () => say('ready'))
app.ext('onPostStop', async () => { await hold('close'); say('closed') })
`,
    breaks: `app.ext('onPreStart', () => { throw new Error('no database') })\n`,
    failure: /app\.cjs: Hapi's initialize\(\) failed: no database/,
  },
  {
    name: 'Nest',
    app: `${HOLD}require('reflect-metadata')
const { Controller, Get, Module } = require('@nestjs/common')
class Site {
  async held() { await hold('request'); return String(process.pid) }
  onApplicationBootstrap() { say('ready') }
  async onModuleDestroy() { await hold('close'); say('closed') }
}
Get('/hold')(Site.prototype, 'held', Object.getOwnPropertyDescriptor(Site.prototype, 'held'))
Controller()(Site)
class Main {}
Module({ controllers: [Site] })(Main)
const app = require('@nestjs/core').NestFactory.create(Main, { logger: false, abortOnError: false })
`,
    breaks: `Site.prototype.onApplicationBootstrap = () => { throw new Error('no database') }\n`,
    failure: /app\.cjs: Nest's init\(\) failed: no database/,
  },
]

for (const { name, app, breaks, failure } of FRAMEWORKS) {
  const exported = `${app}module.exports = app\n`

  t.test(`${name}: ready before it serves, closed after its last response`, async t => {
    const holds = await startHolds(t)
    const server = await startServer(t, options(exported, { env: holds.env }))
    t.same(said(server), ['ready'])
    const held = new Client(t, server.target).get('/hold')
    await holds.arrival('request')
    server.signal('SIGTERM')
    await server.log(messages.drains)
    t.same(said(server), ['ready'])
    holds.release('request')
    t.equal((await held).status, 200)
    await holds.arrival('close')
    t.same(server.logged(/^Worker exiting/), [], 'it is waited for')
    holds.release('close')
    t.same(await server.ended(), { code: 0, signal: null })
    t.same(said(server), ['ready', 'closed'])
  })

  t.test(
    `${name}: one that does not become ready ends the server with 4, and a reload with nothing; a quick stop`,
    async t => {
      const broken = app + breaks + exported.slice(app.length)
      const refused = spawnServer(t, options(broken, { expectErrors: [/./] }))
      t.same(await refused.ended(), { code: 4, signal: null })
      t.match(refused.logged(messages.appLoadFailed)[0]?.msg, failure)

      const holds = await startHolds(t)
      const server = await startServer(t, options(exported, { env: holds.env, expectErrors: [/./] }))
      writeFileSync(join(server.cwd, 'app.cjs'), broken)
      server.signal('SIGHUP')
      await server.log(messages.reloadFailed)
      t.match(server.logged(messages.appLoadFailed)[0]?.msg, failure)
      const held = new Client(t, server.target).get('/hold')
      await holds.arrival('request')
      holds.release('request')
      t.equal((await held).status, 200)
      t.same(await server.stop('SIGINT'), { code: 0, signal: null })
      t.notOk(said(server).includes('closed'), 'a quick stop does not close it')
    },
  )
}

const LISTEN: Record<string, string> = {
  Fastify: `app.listen({ port: 3000, host: 'localhost' }, (error, address) => say('listening', error, address))`,
  Hapi: `app.start().then(() => say('listening', app.info.port))`,
  Nest: `app.then(app => app.listen(3000)).then(server => say('listening', server.address().port))`,
}

for (const { name, app } of FRAMEWORKS) {
  // Fastify tells of each application that it makes, exported or not.
  const isKnown = name === 'Fastify'
  for (const exported of ['', 'module.exports = app\n']) {
    t.test(`${name}: a script that listens by itself${exported && ', and exports the application'}`, async t => {
      const holds = await startHolds(t)
      const server = await startServer(t, options(`${app}${exported}${LISTEN[name]}`, { env: holds.env }))
      const port = 'port' in server.target ? server.target.port : 0
      t.match((await server.stdout.wait(/^listening/)).msg, String(port))
      t.equal(server.logged(/is ignored/).length, 1)
      const held = new Client(t, server.target).get('/hold')
      await holds.arrival('request')
      holds.release('request')
      t.equal((await held).pid, server.worker())
      t.equal(said(server).filter(line => line === 'ready').length, 1, 'it becomes ready once')
      server.signal('SIGTERM')
      if (exported || isKnown) {
        await holds.arrival('close')
        holds.release('close')
      }
      t.same(await server.ended(), { code: 0, signal: null })
      t.equal(said(server).includes('closed'), exported !== '' || isKnown)
    })
  }
}

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { root } from '../helpers/root.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'

const route = `fastify.get('/', async () => ({ hello: String(process.pid) }))`
const renamed = route.replace('fastify', 'app')

/** As `fastify generate` makes them, and as compilers leave them. */
const PLUGINS: Readonly<Record<string, string>> = {
  'async function': `module.exports = async function (fastify, opts) { ${route} }\nmodule.exports.options = { caseSensitive: false }`,
  arrow: `exports.default = async (fastify) => { ${route} }\nexports.options = {}`,
  'with a callback': `module.exports = function (fastify, opts, next) { ${route}; next() }`,
  'marked by fastify-plugin': `const plugin = async app => { ${renamed} }\nplugin[Symbol.for('skip-override')] = true\nmodule.exports = plugin`,
  'with options beside it': `exports.default = (app, opts, done) => { ${renamed}; done() }\nexports.options = {}`,
}

for (const [name, content] of Object.entries(PLUGINS)) {
  t.test(`a Fastify plugin is served: ${name}`, async t => {
    const files = { 'app.cjs': content, 'package.json': '{"dependencies":{"fastify":"*"}}' }
    const server = await startServer(t, { files, spec: 'app.cjs' })
    const { status, body } = await new Client(t, server.target).get()
    t.same([status, JSON.parse(body)], [200, { hello: String(server.worker()) }])
  })
}

t.test(
  'a plugin that fails, and one that does not find fastify, are refused at boot and by --check-config',
  async t => {
    const refused = async (cwd: string, args: string[]) => {
      const server = spawnServer(t, { cwd, spec: 'app.cjs', args, expectErrors: [/./] })
      t.same(await server.exit, { code: 4, signal: null })
      await server.ended()
      return server.logged(messages.appLoadFailed)[0]?.msg
    }
    const bad = t.testdir({ 'app.cjs': "module.exports = async fastify => { throw new Error('on purpose') }" })
    t.match(await refused(bad, []), /Fastify's ready\(\) failed: on purpose/)
    const lonely = shortDir(t)
    writeFileSync(join(lonely, 'app.cjs'), PLUGINS['async function'] ?? '')
    t.notOk(lonely.startsWith(root), 'fastify is not installed there')
    for (const args of [[], ['--check-config']]) {
      t.match(await refused(lonely, args), /is a Fastify plugin, and cannot be served: fastify is not installed/)
    }
  },
)

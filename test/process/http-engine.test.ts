import t, { type Test } from 'tap'
import { Client } from '../helpers/http.js'
import { spawnServer, startServer } from '../helpers/server.js'

/** Answers with the engine that it runs on: that on node:http has a socket to write to. */
const WSGI = `const name = environ => (typeof environ['unicorn.socket'].write === 'function' ? 'node' : 'native')
export function application(environ, startResponse) {
  startResponse('200 OK', [])
  return [name(environ)]
}
`
const TRACED = `import 'some-app/node_modules/@opentelemetry/instrumentation-http/index.js'
${WSGI}`
const NODE = 'export default (req, res) => res.end("node")'
const TRACER = 'node_modules/some-app/node_modules/@opentelemetry/instrumentation-http/index.js'
const REFUSED =
  /--http-engine native does not serve the interface node: it gives applications node:http's own request and response; say --http-engine auto or node/

async function engineOf(t: Test, app: string, args: readonly string[]): Promise<string> {
  const files = { 'package.json': '{ "type": "module" }', [TRACER]: 'exports.isTracer = true' }
  const spec = app === NODE ? 'app:default' : 'app:application'
  const server = await startServer(t, { app, args, spec, files })
  const isTold = app === TRACED && !args.includes('native')
  if (isTold) await server.log(/^HTTP engine: node, whose requests @opentelemetry\/instrumentation-http sees/)
  return (await new Client(t, server.target).get()).body
}

t.test('auto is native where it serves the interface and nothing traces node:http', async t => {
  t.equal(await engineOf(t, WSGI, []), 'native')
  t.equal(await engineOf(t, WSGI, ['--http-engine', 'node']), 'node')
  t.equal(await engineOf(t, TRACED, []), 'node')
  t.equal(await engineOf(t, TRACED, ['--http-engine', 'native']), 'native')
  t.equal(await engineOf(t, NODE, ['--interface', 'node']), 'node')
})

t.test('native is an error for the node interface', async t => {
  const args = ['--http-engine', 'native', '--interface', 'node']
  const server = spawnServer(t, { app: NODE, spec: 'app:default', args, expectErrors: [REFUSED, /./] })
  await server.log(REFUSED)
  t.match(await server.ended(), { code: 4 })
})

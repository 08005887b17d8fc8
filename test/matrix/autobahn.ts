// `npm run autobahn`: the conformance cases of Autobahn for WebSocket (RFC 6455), on the node interface with `ws`, and
// on ASGI. The suite needs Python 2.7 with pip, which `AUTOBAHN_PYTHON` names: `python2` if nothing else is said.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { python as interpreter } from '../helpers/python.js'
import { root } from '../helpers/root.js'
import { startServer } from '../helpers/server.js'
import { runTool } from './environments.js'

const PYTHON = process.env.AUTOBAHN_PYTHON ?? 'python2'
/** The last releases that fit together. */
const REQUIREMENTS = ['autobahntestsuite==0.8.2', 'autobahn==0.10.9', 'twisted==20.3.0']
const PACKAGES = join(root, '.cache/autobahn')
/** Written last: what was interrupted has none. */
const INSTALLED = join(PACKAGES, 'installed')

/** Speed, and compression of many sizes: minutes for what no rule is about. */
const LEFT_OUT = ['9.*', '12.*', '13.*']

const NODE = `
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

export const application = createServer((req, res) => res.end())
new WebSocketServer({ server: application }).on('connection', socket => {
  socket.on('error', () => {})
  socket.on('message', (data, binary) => socket.send(data, { binary }))
})
`
const ASGI = `
async def application(scope, receive, send):
    if scope['type'] != 'websocket':
        return
    await receive()
    await send({'type': 'websocket.accept'})
    while True:
        message = await receive()
        if message['type'] == 'websocket.disconnect':
            return
        await send({'type': 'websocket.send', 'text': message.get('text'), 'bytes': message.get('bytes')})
`

/** How a server did in one case, and how it closed the connection. */
interface Verdict {
  readonly behavior: string
  readonly behaviorClose: string
}

/** Where the specification leaves a choice, there is no right answer. */
const FINE: ReadonlySet<string> = new Set(['OK', 'NON-STRICT', 'INFORMATIONAL'])

t.test("Autobahn's cases, one after the other", async t => {
  await install()
  const node = await startServer(t, { app: NODE, spec: 'app.js' })
  const asgi = await startServer(t, { files: { 'echo.py': ASGI }, spec: 'echo', args: ['--python', interpreter] })
  const servers = Object.entries({ node, asgi }).map(([agent, { target }]) => {
    return { agent, url: `ws://127.0.0.1:${'port' in target ? target.port : ''}` }
  })
  const cwd = testdir(t, {
    'spec.json': JSON.stringify({ outdir: 'report', servers, cases: ['*'], 'exclude-cases': LEFT_OUT }),
  })
  const run = `import site, sys; site.addsitedir(${JSON.stringify(PACKAGES)})
sys.argv = ['wstest', '-m', 'fuzzingclient', '-s', 'spec.json']
from autobahntestsuite.wstest import run; run()`
  await runTool([PYTHON, '-c', run], cwd)
  const verdicts = JSON.parse(readFileSync(join(cwd, 'report/index.json'), 'utf8')) as Record<
    string,
    Record<string, Verdict>
  >
  for (const { agent } of servers) {
    const cases = Object.entries(verdicts[agent] ?? {})
    const bad = cases.filter(([, verdict]) => !FINE.has(verdict.behavior) || !FINE.has(verdict.behaviorClose))
    t.ok(cases.length > 200, `${agent}: ${cases.length} cases`)
    t.same(bad, [], `${agent}: none is failed`)
  }
})

async function install(): Promise<void> {
  if (existsSync(INSTALLED)) return
  mkdirSync(PACKAGES, { recursive: true })
  await runTool([PYTHON, '-m', 'pip', 'install', '--quiet', '--target', PACKAGES, ...REQUIREMENTS])
  writeFileSync(INSTALLED, REQUIREMENTS.join(' '))
}

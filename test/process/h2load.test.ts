import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { requireCommand } from '../helpers/require-command.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'

requireCommand(['h2load', '--version'])
const run = promisify(execFile)

/** What each interface calls, and what it answers with 100 KB. */
const APPS = {
  wsgi: `export const application = ({ PATH_INFO }, start) => {
    start('200 OK', [['Content-Length', PATH_INFO === '/' ? '5' : '100000']])
    return [PATH_INFO === '/' ? 'hello' : 'x'.repeat(100000)]
  }`,
  node: `export const application = ({ url }, res) => res.end(url === '/' ? 'hello' : 'x'.repeat(100000))`,
  fetch: `export const application = {
    fetch: ({ url }) => new Response(url.endsWith('/') ? 'hello' : 'x'.repeat(100000))
  }`,
}

const REQUESTS = 1500
const LARGE = 200

const own = makeCertificate(shortDir(t), { name: 'localhost' })
const TLS = ['--certfile', own.cert, '--keyfile', own.key, '--http2']

for (const [name, app] of Object.entries(APPS)) {
  // Not with a reload in its middle: h2load gives up all that it has under way when a server asks it to leave, and does
  // not come again.
  t.test(`${name}: h2load is answered everything`, async t => {
    const server = await startServer(t, { app, workers: 2, args: [...TLS, '--interface', name] })
    const [origin = ''] = server.addresses
    t.match(await h2load([`-n${REQUESTS}`, '-c8', '-m20', `${origin}/`]), succeeded(REQUESTS))
    t.match(await h2load([`-n${LARGE}`, '-c4', '-m20', '-w14', '-W15', `${origin}/large`]), succeeded(LARGE), 'windows')
  })
}

async function h2load(args: readonly string[]): Promise<string> {
  const { stdout } = await run('h2load', ['-t1', ...args])
  return stdout
}

function succeeded(count: number): RegExp {
  return new RegExp(`Application protocol: h2\n[^]*: ${count} total, .* ${count} succeeded, [^]*: ${count} 2xx, `)
}

import t from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { Http2Client } from '../helpers/http2-client.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

const APP = `
const pieces = async function* () { yield 'a'; await new Promise(resolve => setTimeout(resolve, 20)); yield 'b' }
let last, whose
export const application = async (environ, start) => {
  const { PATH_INFO: path } = environ
  if (path === '/aborted') { start('200 OK', []); return [whose + ' ' + last.aborted] }
  last = environ['unicorn.signal']
  whose = path
  if (path === '/part') await environ['wsgi.input'].read(3)
  if (path === '/whole') await environ['wsgi.input'].read()
  if (path === '/wait') await new Promise(resolve => last.addEventListener('abort', resolve))
  start(path === '/204' ? '204 No Content' : '200 OK', [])
  return path === '/204' ? [] : path === '/part' ? pieces() : ['hello']
}
`
const LARGE = 'x'.repeat(1_000_000)

const own = makeCertificate(shortDir(t), { name: 'localhost' })
const ARGS = ['--certfile', own.cert, '--keyfile', own.key, '--http2', '--interface', 'wsgi']

t.test('a signal fires if the client goes, and not behind an answer that was taken', async t => {
  const server = await startServer(t, { app: APP, args: ARGS })
  const client = new Http2Client(t, server)
  const aborted = async (): Promise<string> => (await client.get('/aborted')).body
  const found: string[] = []
  for (const [path, method, body] of [
    ['/', 'GET'],
    ['/', 'HEAD'],
    ['/204', 'GET'],
    ['/whole', 'POST', 'abc'],
    ['/whole', 'POST', LARGE],
    ['/unread', 'POST', 'abc'],
    ['/unread', 'POST', LARGE],
    ['/part', 'POST', 'abcdef'],
    ['/part', 'POST', LARGE],
  ] as const) {
    await client.get(path, { method, ...(body !== undefined && { body }) })
    found.push(`${method} ${await aborted()}`)
  }
  t.same(
    found.filter(line => !line.endsWith('false')),
    [],
  )
  const waiting = client.open('/wait')
  await until('it runs', async () => (await aborted()) === '/wait false')
  waiting.close(8)
  await t.resolves(until('it has fired', async () => (await aborted()) === '/wait true'))
  t.equal(client.sessions, 1)
})

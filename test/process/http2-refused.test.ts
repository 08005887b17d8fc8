import type { OutgoingHttpHeaders } from 'node:http2'
import t, { type Test } from 'tap'
import { accessLine, JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { makeCertificate } from '../helpers/certificates.js'
import { Http2Client, replyOn } from '../helpers/http2-client.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

const APP = `
export const application = async (environ, start) => {
  if (environ.PATH_INFO === '/unread') { start('200 OK', []); return ['unread'] }
  let size = 0
  for await (const chunk of environ['wsgi.input']) size += chunk.length
  start('200 OK', [])
  if (environ.PATH_INFO === '/large') return ['x'.repeat(2000000)]
  return [environ.HTTP_HOST + ' ' + size]
}
`
const LIMITS = [
  ...['--limit-request-line', '200', '--limit-request-fields', '20', '--limit-request-field-size', '1000'],
  ...['--limit-request-body', '100000', '--body-timeout', '1s', '--write-timeout', '1s', '--keep-alive', '2s'],
]
const TOO_LARGE = 'x'.repeat(100_001)
const FEW = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`x-${i}`, '1']))

const directory = shortDir(t)
const own = makeCertificate(directory, { name: 'localhost' })
const TLS = ['--certfile', own.cert, '--keyfile', own.key, '--http2']

interface Row {
  readonly what: string
  readonly status: number
  readonly path?: string
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

const ROWS: readonly Row[] = [
  { what: 'a Host that is another one', status: 400, headers: { host: 'other' } },
  {
    what: 'the same Host, in upper case and with its port',
    status: 200,
    headers: { ':authority': 'a', host: 'A:443' },
  },
  { what: 'Host alone', status: 200, headers: { ':authority': undefined, host: 'b' } },
  { what: 'a host that is none', status: 400, headers: { ':authority': 'a:99999' } },
  { what: 'two hosts', status: 400, headers: { ':authority': 'a,b' } },
  { what: 'http behind a proxy that speaks TLS', status: 200, headers: { ':scheme': 'http' } },
  { what: 'another scheme', status: 400, headers: { ':scheme': 'ftp' } },
  { what: 'a long target', status: 414, path: `/${'x'.repeat(200)}` },
  { what: 'many fields', status: 431, headers: FEW },
  { what: 'many cookies', status: 200, headers: { cookie: Array.from({ length: 50 }, (_, i) => `c${i}=1`) } },
  { what: 'a large field', status: 431, headers: { a: 'x'.repeat(1000) } },
  { what: 'a large body', status: 413, method: 'POST', body: TOO_LARGE },
  { what: 'a large length', status: 413, method: 'POST', body: TOO_LARGE, headers: { 'content-length': 100_001 } },
  { what: 'an unknown expectation', status: 417, headers: { expect: 'a' } },
  { what: 'a method of its own', status: 200, method: 'PURGE' },
  { what: 'TRACE', status: 200, method: 'TRACE' },
]

t.test('what is refused, and what is served', async t => {
  const args = [...TLS, ...LIMITS, ...JSON_ACCESS_LOG]
  for (const workerClass of ['async', 'sync']) {
    const server = await startServer(t, { app: APP, args: [...args, '-k', workerClass] })
    const client = new Http2Client(t, server)
    const found: string[] = []
    for (const { what, path = '/', method = 'GET', headers = {}, body } of ROWS) {
      const ask = { method, headers: { ':authority': 'localhost', ...headers }, ...(body !== undefined && { body }) }
      const answer = await client.get(path, ask).catch((error: Error) => ({ status: error.message }))
      found.push(`${what} ${answer.status}`)
    }
    t.same(
      found,
      ROWS.map(({ what, status }) => `${what} ${status}`),
      workerClass,
    )
    t.match(await accessLine(server, `/${'x'.repeat(200)}`), { status: 414, outcome: 'refused' })
    const tunnel = client.session.request({ ':method': 'CONNECT', ':authority': 'a:1' })
    t.match(await replyOn(tunnel), { status: 501 }, 'CONNECT')
    t.match(await client.get('/unread', { method: 'POST', body: 'x'.repeat(90_000) }), { status: 200 })
    if (workerClass === 'async') await slow(t, server)
  }
})

/** One session each: a body that stands still, an answer that is not taken, and no request at all. */
async function slow(t: Test, server: Server): Promise<void> {
  const [uploading, reading, idle] = [server, server, server].map(each => new Http2Client(t, each))
  const { session } = idle ?? {}
  const upload = uploading?.open('/', { method: 'POST' }, false)
  upload?.write('abc')
  if (upload) t.match(await replyOn(upload), { status: 408, body: 'Request Timeout' })
  const large = reading?.open('/large')
  large?.on('error', () => {})
  await until('the answer is reset', () => large?.closed === true)
  t.equal(large?.rstCode, 2, 'INTERNAL_ERROR')
  t.match(await accessLine(server, '/large'), { outcome: 'aborted' })
  await until('the idle session has ended', () => session?.destroyed === true)
}

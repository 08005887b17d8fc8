import t from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { Http2Client } from '../helpers/http2-client.js'
import { fixture, startPython } from '../helpers/python.js'
import { shortDir } from '../helpers/short-dir.js'

const directory = shortDir(t)
const own = makeCertificate(directory, { name: 'localhost' })
const HTTP2 = ['--certfile', own.cert, '--keyfile', own.key, '--http2']
/** More than travels with the head of a request. */
const LARGE = 'x'.repeat(1_000_000)
const CROWD = 20

t.test('WSGI', async t => {
  const server = await startPython(t, fixture('contract.py'), { args: HTTP2 })
  const client = new Http2Client(t, server)
  const headers = { cookie: ['a=1', 'b=2'], ':authority': 'localhost' }
  t.match(JSON.parse((await client.get('/environ?q', { headers })).body), {
    'wsgi.url_scheme': 'https',
    SERVER_PROTOCOL: 'HTTP/2.0',
    HTTP_HOST: 'localhost',
    HTTP_COOKIE: 'a=1; b=2',
    QUERY_STRING: 'q',
  })
  const sent = await client.get('/environ', { method: 'POST', body: LARGE })
  t.match(JSON.parse(sent.body), { CONTENT_LENGTH: String(LARGE.length), HTTP_TRANSFER_ENCODING: undefined })
  const crowd = await Promise.all(Array.from({ length: CROWD }, () => client.get('/environ')))
  t.same(
    crowd.map(({ status }) => status),
    Array.from({ length: CROWD }, () => 200),
  )
  t.equal(client.sessions, 1)
})

t.test('ASGI', async t => {
  const server = await startPython(t, fixture('asgi.py'), { args: HTTP2 })
  const client = new Http2Client(t, server)
  const { body } = await client.get('/scope', { headers: { ':authority': 'localhost' } })
  t.match(JSON.parse(body), { type: 'http', http_version: '2', scheme: 'https' })
  t.match(body, /\["b'host'", "b'localhost'"\]/)
  const { body: sizes } = await client.get('/pieces', { method: 'POST', body: LARGE })
  const sum = sizes.split(' ').reduce((all, size) => all + (Number(size) || 0), 0)
  t.equal(sum, LARGE.length, 'a body in pieces')
})

import { truncateSync } from 'node:fs'
import { constants } from 'node:http2'
import { join } from 'node:path'
import t from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { Http2Client } from '../helpers/http2-client.js'
import { descriptorsOf } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

/** More than a client of Node lets a stream have before it reads, and more than the server keeps of a file. */
const SIZE = 2 ** 23

t.test('files over HTTP/2', async t => {
  const { cert, key } = makeCertificate(shortDir(t), { name: 'localhost' })
  const server = await startServer(t, {
    files: { 'public/a.css': 'body {}', 'public/a.css.br': 'short', 'public/large.bin': '' },
    args: ['--certfile', cert, '--keyfile', key, '--http2', '--static', '/static=./public'],
    expectErrors: [/^A static file cannot be read, its response is cut$/],
  })
  const large = join(server.cwd, 'public/large.bin')
  truncateSync(large, SIZE)
  const client = new Http2Client(t, server)
  const style = await client.get('/static/a.css')
  t.match(style, { status: 200, body: 'body {}', headers: { 'content-type': 'text/css; charset=utf-8' } })
  const ask = (headers: Readonly<Record<string, string>>, method = 'GET') =>
    client.get('/static/a.css', { method, headers })
  t.match(await ask({}, 'HEAD'), { status: 200, body: '', headers: { 'content-length': '7' } })
  t.match(await ask({ 'if-none-match': String(style.headers.etag) }), { status: 304, body: '' })
  t.match(await ask({ range: 'bytes=-2' }), { status: 206, body: '{}', headers: { 'content-range': 'bytes 5-6/7' } })
  t.match(await ask({ 'accept-encoding': 'br' }), { status: 200, body: 'short', headers: { 'content-encoding': 'br' } })
  t.equal((await client.get('/static/large.bin')).body.length, SIZE)

  const slow = client.open('/static/large.bin')
  await until('it has begun', () => slow.readableLength > 0)
  t.equal((await client.get('/static/a.css')).status, 200, 'a stream that is not read holds no other')
  truncateSync(large, 100)
  slow.resume().on('error', () => {})
  await until('its stream is closed', () => slow.destroyed)
  t.equal(slow.rstCode, constants.NGHTTP2_INTERNAL_ERROR, 'a file that was cut short never looks complete')
  t.equal((await client.get('/static/a.css')).status, 200, 'its stream alone is cut')
  t.equal(client.sessions, 1)
  const isOpen = (): boolean => [...descriptorsOf(server.worker()).values()].some(path => path.endsWith('large.bin'))
  await t.resolves(until('the file is closed', () => !isOpen()))
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { fixture, startPython } from '../helpers/python.js'
import { connectRaw } from '../helpers/raw.js'
import { shortDir } from '../helpers/short-dir.js'

const CONTRACT = fixture('contract.py')

type Environ = Readonly<Record<string, unknown>>

t.test('the environ of a request', async t => {
  const server = await startPython(t, CONTRACT, { args: ['--root-path', '/shop/'] })
  const client = new Client(t, server.target)

  /** What Python sees of a request that is sent byte for byte. */
  const ask = async (head: string): Promise<Environ> => {
    const raw = await connectRaw(t, server.target)
    raw.write(`${head}\r\nConnection: close\r\n\r\n`)
    const text = await raw.all()
    t.match(text, /^HTTP\/1\.1 200 /, head)
    return JSON.parse(/\{.*\}/s.exec(text)?.[0] ?? '{}')
  }

  t.test('what each has', async t => {
    const environ = await ask('GET /environ/a%20b%2Fc?x=%20y&z HTTP/1.1\r\nHost: example.org:81\r\nX-Real-Ip: 1.2.3.4')
    const { host, port } = server.target as { host: string; port: number } // a TCP port
    t.match(environ, {
      REQUEST_METHOD: 'GET',
      SCRIPT_NAME: '/shop',
      PATH_INFO: '/environ/a b/c',
      QUERY_STRING: 'x=%20y&z',
      RAW_URI: '/environ/a%20b%2Fc?x=%20y&z',
      SERVER_NAME: host,
      SERVER_PORT: String(port),
      SERVER_PROTOCOL: 'HTTP/1.1',
      REMOTE_ADDR: '127.0.0.1',
      HTTP_HOST: 'example.org:81',
      HTTP_X_REAL_IP: '1.2.3.4',
      'wsgi.version': [1, 0],
      'wsgi.url_scheme': 'http',
      'wsgi.multithread': false,
      'wsgi.multiprocess': false,
      'wsgi.run_once': false,
      'wsgi.input_terminated': true,
      SERVER_SOFTWARE: /^unicorn/,
      REMOTE_PORT: /^\d+$/,
    })
    t.notOk('CONTENT_LENGTH' in environ || 'CONTENT_TYPE' in environ, 'there is no body, and no empty word of one')
    t.notOk('REMOTE_USER' in environ)
  })

  t.test('SCRIPT_NAME is taken off a path that begins with it', async t => {
    t.match(await ask('GET /shop/environ/x HTTP/1.1\r\nHost: a'), { SCRIPT_NAME: '/shop', PATH_INFO: '/environ/x' })
    t.match(await ask('GET /shop HTTP/1.1\r\nHost: a'), { SCRIPT_NAME: '/shop', PATH_INFO: '' })
    t.match(await ask('GET /%73hop/environ HTTP/1.1\r\nHost: a'), { PATH_INFO: '/environ' }, 'in whatever spelling')
  })

  t.test('no part of a request puts a name into the environ', async t => {
    const environ = await ask(
      'GET /environ/x%00REMOTE_USER%00root HTTP/1.1\r\nHost: a\r\nRemote_User: root\r\nX_Real_Ip: 1\r\nProxy: evil',
    )
    t.equal(environ.PATH_INFO, '/environ/x\0REMOTE_USER\0root')
    t.notOk('REMOTE_USER' in environ || 'HTTP_REMOTE_USER' in environ || 'HTTP_X_REAL_IP' in environ)
  })

  t.test('what a proxy on this machine says', async t => {
    const scheme = async (...fields: string[]): Promise<unknown> =>
      (await ask(['GET /environ HTTP/1.1', 'Host: a', ...fields].join('\r\n')))['wsgi.url_scheme']
    t.equal(await scheme('X-Forwarded-Proto: https'), 'https')
    t.equal(await scheme('X-Forwarded-Protocol: ssl', 'X-Forwarded-Ssl: on'), 'https')
    t.equal(await scheme('X-Forwarded-Proto: http'), 'http')
    t.equal(await scheme('X-Forwarded-Proto: http', 'X-Forwarded-Ssl: off'), 'http')
    const mounted = await ask('GET /cafe/environ HTTP/1.1\r\nHost: a\r\nSCRIPT_NAME: /cafe')
    t.match(mounted, { SCRIPT_NAME: '/cafe', PATH_INFO: '/environ' })
    t.notOk('HTTP_SCRIPT_NAME' in mounted)
  })

  t.test('bytes above ASCII are characters of Latin-1', async t => {
    const environ = await ask('GET /environ/%c3%a9%ff?%c3%a9 HTTP/1.1\r\nHost: a')
    t.match(environ, { PATH_INFO: '/environ/\xc3\xa9\xff', QUERY_STRING: '%c3%a9' })
    const { body } = await client.get('/environ', { headers: { 'X-Name': '\xe9\xff' } })
    t.equal(JSON.parse(body).HTTP_X_NAME, '\xe9\xff')
  })

  t.test('repeated fields, the absolute form, a fragment, HTTP/1.0', async t => {
    t.match(await ask('GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nCookie: b=2\r\nX-Two: 1\r\nX-Two: 2'), {
      HTTP_COOKIE: 'a=1; b=2',
      HTTP_X_TWO: '1, 2',
      PATH_INFO: '/',
    })
    t.match(await ask('GET http://other.example:82/environ?q HTTP/1.1\r\nHost: other.example:82'), {
      HTTP_HOST: 'other.example:82',
      PATH_INFO: '/environ',
      QUERY_STRING: 'q',
    })
    t.match(await ask('GET /environ?q#part?x HTTP/1.1\r\nHost: a'), { PATH_INFO: '/environ', QUERY_STRING: 'q' })
    t.match(await ask('GET /environ HTTP/1.0'), { SERVER_PROTOCOL: 'HTTP/1.0' })
  })

  t.test('lengths', async t => {
    const length = async (body: string, headers = {}): Promise<Environ> =>
      JSON.parse((await client.get('/environ', { method: 'POST', body, headers })).body)
    t.match(await length('12345', { 'Content-Type': 'text/x' }), { CONTENT_LENGTH: '5', CONTENT_TYPE: 'text/x' })
    const chunked = await length('12345', { 'Transfer-Encoding': 'chunked' })
    t.equal(chunked.CONTENT_LENGTH, '5', 'a body in chunks has one too')
    t.notOk('HTTP_TRANSFER_ENCODING' in chunked || 'HTTP_CONTENT_LENGTH' in chunked)
    t.equal((await length('', { 'Content-Length': '0' })).CONTENT_LENGTH, '0')
  })

  t.test('a large head', async t => {
    const value = 'v'.repeat(1000)
    const headers = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`X-Field-${i}`, value]))
    const environ: Environ = JSON.parse((await client.get(`/environ?${'q'.repeat(2000)}`, { headers })).body)
    t.equal(environ.HTTP_X_FIELD_11, value)
    t.equal(String(environ.QUERY_STRING).length, 2000)
  })

  t.test("the standard library's validator finds nothing", async t => {
    const body = 'line\nabcd\nef\ngh'
    for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
      const reply = await client.get('/valid', { method: 'POST', body, headers })
      t.match(reply, { status: 201, body: 'written line\nabcd\nef\ngh' })
    }
    t.match(await client.get('/valid/%20x?y=z'), { status: 201 })
    t.match(await client.get('/quiet'), { status: 200, body: 'ok' })
    t.match(await client.get('/quiet', { method: 'HEAD' }), { status: 200, headers: { 'content-length': '2' } })
  })
})

t.test('what a proxy says that is not trusted', async t => {
  const server = await startPython(t, CONTRACT, { args: ['--forwarded-allow-ips', '10.0.0.0/8'] })
  const headers = { 'X-Forwarded-Proto': 'https', SCRIPT_NAME: '/cafe' }
  const { body } = await new Client(t, server.target).get('/environ', { headers })
  t.match(JSON.parse(body), { 'wsgi.url_scheme': 'http', SCRIPT_NAME: '', HTTP_X_FORWARDED_PROTO: 'https' })
})

t.test('behind a unix socket', async t => {
  const path = join(shortDir(t), 's')
  const server = await startPython(t, CONTRACT, { bind: `unix:${path}`, workers: 2, args: ['--threads', '2'] })
  const { body } = await new Client(t, server.target).get('/environ', {
    headers: { Host: 'shop.example', 'X-Forwarded-Proto': 'https' },
  })
  const environ: Environ = JSON.parse(body)
  t.match(environ, {
    SERVER_NAME: 'shop.example',
    SERVER_PORT: '443',
    'wsgi.multithread': true,
    'wsgi.multiprocess': true,
  })
  t.equal(environ.REMOTE_ADDR, '', 'Django stores it in columns for addresses')
})

t.test("no process of Python, and none that it starts, has in its environment what is the arbiter's", async t => {
  const app = `
import os, subprocess

def application(environ, start_response):
    start_response('200 OK', [])
    return ['\\n'.join(sorted(os.environ)).encode(), b'\\n', subprocess.check_output(['env'])]
`
  const env = { LISTEN_FDS: '1', LISTEN_PID: '1', LISTEN_FDNAMES: 'web', NOTIFY_SOCKET: '/nowhere', COLOUR: 'grey' }
  const server = await startPython(t, app, { env, args: ['--name', 'shop'] })
  const { body } = await new Client(t, server.target).get()
  t.match(body, /^COLOUR$[\s\S]*^COLOUR=grey$/m)
  t.notMatch(body, /^(LISTEN_|NOTIFY_SOCKET|WATCHDOG_|UNICORN_(FD|PID|LAUNCHER))/m)
  const titles = [server.pid, ...server.workers()].map(pid => readFileSync(`/proc/${pid}/cmdline`, 'latin1'))
  t.match(titles, [/^unicorn: master \[shop\]/, /^unicorn: worker \[shop\]/])
})

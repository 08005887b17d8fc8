import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { serverFromHost } from '../../lib/gateway/wire/meta-variables.js'
import { decodePath } from '../../lib/gateway/wsgi/environ.js'
import type { Environ, StartResponse } from '../../lib/gateway/wsgi/types.js'
import { BoundedCache } from '../../lib/sys/bounded-cache.js'
import { type Options, request, serve } from './serve.js'

/** The environs that an application saw for these requests, each on a connection of its own. */
async function environsOf(t: Test, requests: readonly string[], options: Options = {}): Promise<Environ[]> {
  const environs: Environ[] = []
  const app = (environ: Environ, startResponse: StartResponse): string => {
    environs.push(environ)
    startResponse('200 OK', [])
    return ''
  }
  const server = await serve(t, app, options)
  for (const bytes of requests) await server.exchange(bytes)
  t.same(server.log.entries, [])
  t.same(
    server.exchanges.map(exchange => exchange.environ),
    environs,
    'the exchange has the environ',
  )
  return environs
}

async function environOf(t: Test, bytes: string, options: Options = {}): Promise<Environ> {
  const [environ] = await environsOf(t, [bytes], options)
  if (environ === undefined) throw new Error('the application was not called')
  return environ
}

t.test('what a request looks like', async t => {
  const bytes =
    'POST /a%20b/%C3%A9?x=%20&y HTTP/1.1\r\nHost: example.org:81\r\nX-One: 1\r\nCookie: a=1\r\nx-one: 2\r\n' +
    'cookie: b=2\r\nContent-Type: text/x\r\nContent-Length: 2\r\nConnection: close\r\nX_Under: no\r\nX-Empty:\r\n\r\nhi'
  const environ = await environOf(t, bytes)
  t.match(environ, {
    REQUEST_METHOD: 'POST',
    SCRIPT_NAME: '',
    PATH_INFO: '/a b/é',
    RAW_URI: '/a%20b/%C3%A9?x=%20&y',
    QUERY_STRING: 'x=%20&y',
    CONTENT_TYPE: 'text/x',
    CONTENT_LENGTH: '2',
    SERVER_NAME: '127.0.0.1',
    SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_SOFTWARE: 'unicorn/test',
    REMOTE_ADDR: '127.0.0.1',
    HTTP_HOST: 'example.org:81',
    HTTP_X_ONE: '1, 2',
    HTTP_COOKIE: 'a=1; b=2',
    HTTP_X_EMPTY: '',
    'wsgi.url_scheme': 'http',
    'wsgi.multithread': true,
    'wsgi.multiprocess': false,
    'wsgi.run_once': false,
    'wsgi.input_terminated': true,
  })
  t.same(environ['wsgi.version'], [1, 0])
  t.match(environ.SERVER_PORT, /^\d+$/)
  t.match(environ.REMOTE_PORT, /^\d+$/)
  for (const name of ['HTTP_CONTENT_TYPE', 'HTTP_CONTENT_LENGTH', 'HTTP_X_UNDER']) t.notOk(name in environ, name)
})

t.test('a request with nothing in it', async t => {
  const environ = await environOf(t, 'GET / HTTP/1.0\r\n\r\n')
  t.match(environ, { CONTENT_TYPE: '', CONTENT_LENGTH: '', QUERY_STRING: '', SERVER_PROTOCOL: 'HTTP/1.0' })
  t.same(
    Object.keys(environ).filter(name => name.startsWith('HTTP_')),
    [],
  )
})

t.test('names with an underscore are left out', async t => {
  const bytes = 'GET / HTTP/1.0\r\nX_User: a\r\n\r\n'
  t.notOk('HTTP_X_USER' in (await environOf(t, bytes)))
})

t.test('values of one name are joined, however often it was sent before, and however it is spelled', async t => {
  const long = `X-${'a'.repeat(80)}`
  const spellings: readonly (readonly [string, string])[] = [
    ['X-A', 'X-A'],
    ['X-A', 'x-a'],
    ['x-A', 'X-a'],
    ['Accept', 'accept'],
    ['accept', 'aCCEPT'],
    // Too long to be remembered.
    [long, long],
    [long, long.toLowerCase()],
  ]
  const requests = spellings.map(([a, b]) => `GET / HTTP/1.0\r\n${a}: 1\r\nX-Other: 3\r\n${b}: 2\r\n\r\n`)
  // Between them one in which each name stands once, and first one in which none was seen before.
  const all = requests.flatMap(bytes => [bytes, 'GET / HTTP/1.0\r\nX-A: 1\r\n\r\n', bytes])
  const environs = await environsOf(t, all)
  const valuesOf = (environ: Environ) =>
    Object.entries(environ).flatMap(([key, value]) => (/^HTTP_/.test(key) ? [value] : []))
  t.same(
    environs.map(valuesOf),
    requests.flatMap(() => [['1, 2', '3'], ['1'], ['1, 2', '3']]),
  )
})

t.test('it is a plain object', async t => {
  const environ = await environOf(t, 'GET / HTTP/1.0\r\n\r\n')
  t.equal(Object.getPrototypeOf(environ), Object.prototype)
  t.same(Object.getOwnPropertySymbols(environ), [])
  t.ok(Object.keys(environ).includes('unicorn.signal'))
  const copy = { ...environ, SCRIPT_NAME: '/app' }
  t.same(Object.keys(copy), Object.keys(environ))
  t.equal(copy['unicorn.signal'], environ['unicorn.signal'])
  t.equal(copy['wsgi.input'], environ['wsgi.input'])
  t.equal(copy['unicorn.socket'], environ['unicorn.socket'])
  const heir: Environ = Object.create(environ)
  t.equal(heir['unicorn.signal'], environ['unicorn.signal'])
  t.equal(JSON.parse(JSON.stringify(environ)).PATH_INFO, '/')
  const signal = AbortSignal.abort()
  environ['unicorn.signal'] = signal
  t.equal(environ['unicorn.signal'], signal)
  environ['wsgi.url_scheme'] = 'https'
  delete environ.HTTP_HOST
  environ['my.key'] = 5
  t.match(environ, { 'wsgi.url_scheme': 'https', 'my.key': 5 })
})

t.test('a signal that was replaced before it was read', async t => {
  const environ = await environOf(t, 'GET / HTTP/1.0\r\n\r\n')
  const signal = AbortSignal.abort()
  Object.assign(environ, { 'unicorn.signal': signal })
  t.equal({ ...environ }['unicorn.signal'], signal)
})

t.test('the absolute form names the host', async t => {
  const environ = await environOf(
    t,
    'GET http://Example.org:99/x?y HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n',
  )
  t.match(environ, {
    PATH_INFO: '/x',
    QUERY_STRING: 'y',
    HTTP_HOST: 'Example.org:99',
    RAW_URI: 'http://Example.org:99/x?y',
  })
})

t.test('on a unix socket the Host header names the server', async t => {
  // The directory of the test is too deep for the 107 bytes that the name of a unix socket may have.
  const directory = mkdtempSync(join(tmpdir(), 'gateway-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const socketPath = join(directory, 'server.sock')
  const [plain, named] = await environsOf(t, ['GET / HTTP/1.0\r\n\r\n', request().replace('test', 'a.example:8080')], {
    socketPath,
  })
  t.match(plain, { SERVER_NAME: 'localhost', SERVER_PORT: '80', REMOTE_ADDR: '', REMOTE_PORT: '' })
  t.match(named, { SERVER_NAME: 'a.example', SERVER_PORT: '8080' })
})

t.test('requests of one connection do not share anything', async t => {
  const environs: Environ[] = []
  const server = await serve(t, (environ: Environ, startResponse: StartResponse) => {
    environs.push(environ)
    startResponse('200 OK', [])
    return ''
  })
  const client = await server.connect()
  client.write('GET /1 HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n')
  await client.until(/\r\n\r\n$/)
  client.write(request())
  await client.all()
  const [first, second] = environs
  t.equal(first?.HTTP_X_A, '1')
  t.equal(second?.HTTP_X_A, undefined)
  t.not(first?.['wsgi.input'], second?.['wsgi.input'])
  t.not(first?.['unicorn.signal'], second?.['unicorn.signal'])
})

t.test('wsgi.errors is the error log, a line each', async t => {
  const server = await serve(t, (environ: Environ, startResponse: StartResponse) => {
    const errors = environ['wsgi.errors']
    errors.write('one\ntwo\n')
    errors.writelines(['three\n', 'four'])
    errors.flush()
    startResponse('200 OK', [])
    return ''
  })
  await server.exchange(request())
  t.same(server.log.errors, ['one', 'two', 'three', 'four'])
})

t.test('percent-decoding', async t => {
  const paths: Record<string, string> = {
    '/%41%2f%3F': '/A/?',
    '/%c3%a9': '/é',
    '/%e9': '/é',
    '/%e9%c3%a9': '/\xe9\xc3\xa9',
    '/%zz%4': '/%zz%4',
    '/100%': '/100%',
    '/%25%34%31': '/%41',
    '/%00': '/\0',
    '/\xc3\xa9': '/é',
    '/%F0%9F%A6%84': '/🦄',
    '/%ED%A0%80': '/\xed\xa0\x80',
  }
  for (const [path, decoded] of Object.entries(paths)) t.equal(decodePath(path), decoded, path)
})

t.test('host and port from a Host header', async t => {
  t.same(serverFromHost('a:1', 'http'), ['a', '1'])
  t.same(serverFromHost('a', 'https'), ['a', '443'])
  t.same(serverFromHost('a:', 'http'), ['a', '80'])
  t.same(serverFromHost('[::1]:8', 'http'), ['[::1]', '8'])
  t.same(serverFromHost('', 'http'), ['localhost', '80'])
  t.same(serverFromHost(':::', 'http'), ['localhost', '80'])
})

t.test('a cache of what clients send is bounded', async t => {
  let made = 0
  const cache = new BoundedCache(key => {
    made++
    return key.length
  }, 10)
  for (let i = 0; i < 1000; i++) t.equal(cache.get(`key ${i}`), `key ${i}`.length)
  t.ok(cache.size <= 10)
  t.equal(cache.get('key 999'), 7)
  t.equal(made, 1000)
  cache.get('x'.repeat(1000))
  cache.get('x'.repeat(1000))
  t.equal(made, 1002, 'long ones are not kept')
})

import t from 'tap'
import { shortDir } from '../helpers/short-dir.js'
import { bodyOf, serving } from './fetch-scene.js'
import { request } from './serve.js'

const urls: Record<string, { bytes: string; url: string }> = {
  plain: { bytes: 'GET /a/b?c=d&e[]=f HTTP/1.1\r\nHost: test:8000\r\n', url: 'http://test:8000/a/b?c=d&e[]=f' },
  'a host in capitals, on the usual port': { bytes: 'GET / HTTP/1.1\r\nHost: TEST:80\r\n', url: 'http://test/' },
  'an IPv6 host': { bytes: 'GET / HTTP/1.1\r\nHost: [::1]:8000\r\n', url: 'http://[::1]:8000/' },
  'an underscore': { bytes: 'GET / HTTP/1.1\r\nHost: web_1:8000\r\n', url: 'http://web_1:8000/' },
  'dot segments': { bytes: 'GET /a/../b/%2e%2E/./c HTTP/1.1\r\nHost: test\r\n', url: 'http://test/c' },
  'dots that are no segments': {
    bytes: 'GET /.a/..b/c.?/.. HTTP/1.1\r\nHost: test\r\n',
    url: 'http://test/.a/..b/c.?/..',
  },
  'what URLs escape': { bytes: 'GET /a"<b>?\'{ HTTP/1.1\r\nHost: test\r\n', url: 'http://test/a%22%3Cb%3E?%27{' },
  'what URLs turn around': { bytes: 'GET /a\\b HTTP/1.1\r\nHost: test\r\n', url: 'http://test/a/b' },
  escapes: { bytes: 'GET /J%C3%B6rg%2F HTTP/1.1\r\nHost: test\r\n', url: 'http://test/J%C3%B6rg%2F' },
  'two slashes': { bytes: 'GET //a.test/b HTTP/1.1\r\nHost: test\r\n', url: 'http://test//a.test/b' },
  'the absolute form': { bytes: 'GET http://u:p@other:81/a?b HTTP/1.1\r\nHost: test\r\n', url: 'http://other:81/a?b' },
  'the absolute form, without a path': {
    bytes: 'GET http://other?b HTTP/1.1\r\nHost: test\r\n',
    url: 'http://other/?b',
  },
  'a host that no URL has': { bytes: 'GET /a HTTP/1.1\r\nHost: 1.2.3.999\r\n', url: 'http://LOCAL/a' },
  'an address of a later IP': { bytes: 'GET http://[v1.a]/a HTTP/1.1\r\nHost: a\r\n', url: 'http://LOCAL/a' },
  'the asterisk form': { bytes: 'OPTIONS * HTTP/1.1\r\nHost: test\r\n', url: 'http://test/*' },
}

t.test('the URL', async t => {
  const server = await serving(t, ({ url }) => new Response(url))
  for (const [name, { bytes, url: pattern }] of Object.entries(urls)) {
    const url = pattern.replace('LOCAL', `127.0.0.1:${server.port}`)
    t.equal(bodyOf(await server.exchange(`${bytes}Connection: close\r\n\r\n`)), url, name)
    t.equal(new URL(url).href, url, 'as a URL has it')
  }
  const local = `http://127.0.0.1:${server.port}/a`
  t.equal(bodyOf(await server.exchange('GET /a HTTP/1.0\r\n\r\n')), local, 'no Host')
  t.equal(
    bodyOf(await server.exchange('GET /a HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n')),
    local,
    'an empty Host',
  )
})

t.test('an illegal host is refused, and the handler does not see it', async t => {
  let seen = 0
  const server = await serving(t, () => {
    seen++
    return new Response()
  })
  for (const host of [
    'a b',
    'a/b',
    'a?b',
    'a#b',
    'u@a',
    'a:b',
    'a:99999',
    'a<b',
    '[::1',
    '::1',
    'a\\b',
    'a%zz',
    'j\u00f6rg',
    'a,b c',
  ]) {
    const got = await server.exchange(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    t.match(got, /^HTTP\/1.1 400 Bad Request\r\n/, host)
  }
  const got = await server.exchange('GET http://a%zz/ HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n')
  t.match(got, /^HTTP\/1.1 400 /)
  t.equal(seen, 0)
  t.equal(server.exchanges.length, 0)
  t.same(server.log.entries, [])
})

t.test('a unix socket', async t => {
  const directory = await shortDir(t)
  const server = await serving(
    t,
    ({ url }, context) => Response.json([url, context.remoteAddress ?? null, context.remoteAddr, context.requestIP()]),
    { socketPath: `${directory}/s` },
  )
  const none = [null, { transport: 'unix', hostname: '', port: 0 }, null]
  t.same(JSON.parse(bodyOf(await server.exchange('GET /a HTTP/1.0\r\n\r\n'))), ['http://localhost/a', ...none])
  t.same(JSON.parse(bodyOf(await server.exchange(request()))), ['http://test/', ...none])
})

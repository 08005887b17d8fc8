import { inspect } from 'node:util'
import t from 'tap'
import { bodyOf, serving, upstream } from './fetch-scene.js'
import { request } from './serve.js'

t.test('headers', async t => {
  const fields = [
    'X-Number: 1',
    'x-number: 2',
    'Cookie: a=1',
    'cookie: b=2',
    'Authorization: one',
    'X-Name: J\u00f6rg',
    'X_Under: score',
  ]
  const server = await serving(t, ({ headers }) => {
    const quick = ['x-number', 'X-NUMBER', 'cookie', 'authorization', 'x-name', 'x_under', 'x-none', '__proto__'].map(
      name => headers.get(name),
    )
    t.equal(headers.has('Host'), true)
    t.equal(headers.has('x-none'), false)
    t.throws(() => headers.get('a b'), TypeError)
    t.ok(headers instanceof Headers)
    t.equal(headers.constructor, Headers)
    const copy = new Headers(headers)
    const all = [...headers].filter(([name]) => name !== 'connection')
    t.same([...copy], [...headers])
    t.same([...headers.keys()], [...copy.keys()])
    t.same(Object.fromEntries(headers.entries()), Object.fromEntries(copy))
    let count = 0
    headers.forEach(() => {
      count++
    })
    t.equal(count, [...headers].length)
    t.match(inspect(headers), /x-number/i)
    headers.append('x-number', '3')
    headers.set('x-none', 'now')
    headers.delete('cookie')
    t.same(
      ['x-number', 'x-none', 'cookie'].map(name => headers.get(name)),
      ['1, 2, 3', 'now', null],
    )
    return Response.json([quick, all])
  })
  const expected = {
    authorization: 'one',
    cookie: 'a=1; b=2',
    host: 'test',
    'x-name': 'J\u00f6rg',
    'x-number': '1, 2',
    x_under: 'score',
  }
  const got: unknown = JSON.parse(
    Buffer.from(bodyOf(await server.exchange(request('GET', fields))), 'latin1').toString(),
  )
  t.same(got, [['1, 2', '1, 2', 'a=1; b=2', 'one', 'J\u00f6rg', 'score', null, null], Object.entries(expected)])
  t.same(server.log.errors, [])
})

t.test('a request is passed on', async t => {
  const authority = await upstream(t, async (req, res) => {
    const chunks: unknown[] = []
    for await (const chunk of req) chunks.push(chunk)
    res.end(`${req.method} ${req.url} ${req.headers['x-a']} ${chunks.join('')}`)
  })
  const server = await serving(t, request => {
    request.headers.delete('host')
    request.headers.delete('connection')
    request.headers.delete('content-length')
    if (request.url.endsWith('/direct')) return fetch(request)
    return fetch(new Request(`http://${authority}/new`, request))
  })
  const fields = (length: number): string[] => ['X-A: 1', `Content-Length: ${length}`]
  t.match(await server.exchange(request('POST', fields(5), 'hello')), /POST \/new 1 hello/)
  const bytes = request('POST', fields(5), 'hello').replace('/', '/direct').replace('test', authority)
  t.match(await server.exchange(bytes), /POST \/direct 1 hello/)
  t.same(server.log.errors, [])
})

t.test('other things that are done with a request', async t => {
  const server = await serving(t, async request => {
    t.equal(Object.prototype.toString.call(request), '[object Request]')
    t.ok(Object.create(request) instanceof Request)
    t.match(inspect(request), /method: 'POST'/)
    t.equal(request.cache, 'default')
    t.equal(request.redirect, 'follow')
    const proxy = new Proxy(request, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    t.equal(proxy.method, 'POST')
    t.ok(proxy instanceof Request)
    class Own extends Request {}
    const own = new Own(request)
    t.ok(own instanceof Own)
    t.equal(own.signal.aborted, false)
    return new Response(await own.text())
  })
  t.match(await server.exchange(request('POST', ['Content-Length: 5'], 'hello')), /hello$/)
  t.same(server.log.errors, [])
})

t.test('pipelined requests are run one after the other, and answered in order', async t => {
  const started: string[] = []
  const server = await serving(t, async ({ url }) => {
    const { pathname } = new URL(url)
    started.push(pathname)
    if (pathname === '/1') await server.hasRead(client)
    t.equal(started.at(-1), pathname)
    return new Response(`<${pathname}>`)
  })
  const client = await server.connect()
  client.write(['/1', '/2', '/3'].map(path => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  await client.until(/<\/3>/)
  t.same(client.text.match(/<.*?>/g), ['</1>', '</2>', '</3>'])
})

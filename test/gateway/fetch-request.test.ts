import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import t from 'tap'
import type { FetchContext } from '../../lib/gateway/fetch/types.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'
import { type Options, plain, request, type Served, serve } from './serve.js'

type Handler = (request: Request, context: FetchContext, third: FetchContext) => unknown

function serving(t: Parameters<typeof serve>[0], fetch: Handler, options: Options = {}): Promise<Served> {
  return serve(t, { fetch }, { interface: 'fetch', ...options })
}

/** The body of what came. */
function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

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
  'the asterisk form': { bytes: 'OPTIONS * HTTP/1.1\r\nHost: test\r\n', url: 'http://test/*' },
}

t.test('the URL', async t => {
  const server = await serving(t, ({ url }) => new Response(url))
  for (const [name, { bytes, url }] of Object.entries(urls)) {
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
  t.match(server.exchanges.at(-1)?.refusal, { status: 400 })
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

t.test('what else is known of a request', async t => {
  const server = await serving(t, (request, context, third) => {
    const { remoteAddress, remotePort, remoteAddr, incoming, outgoing } = context
    const { ip, runtime, waitUntil } = Object(request)
    const peer = { address: remoteAddress, family: 'IPv4', port: remotePort }
    t.equal(third, context)
    t.same(context.requestIP(), peer)
    t.same(remoteAddr, { transport: 'tcp', hostname: '127.0.0.1', port: incoming.socket.remotePort })
    t.equal(runtime.node.req, incoming)
    t.equal(runtime.node.res, outgoing)
    t.equal(ip, '127.0.0.1')
    t.equal(waitUntil, context.waitUntil)
    context.passThroughOnException()
    Object(request).ip = '10.0.0.1'
    t.equal(Object(request).ip, '10.0.0.1', 'a framework may set it')
    return Response.json({ method: request.method, port: remotePort })
  })
  const client = await server.connect()
  const { localPort } = client.socket
  client.write(request('PURGE'))
  t.same(JSON.parse(bodyOf(await client.all())), { method: 'PURGE', port: localPort })
  t.same(server.log.errors, [])
})

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

t.test('bodies', async t => {
  const readers: Record<string, (request: Request) => Promise<unknown>> = {
    text: request => request.text(),
    json: request => request.json(),
    arrayBuffer: async request => Buffer.from(await request.arrayBuffer()).toString(),
    bytes: async request => Buffer.from(await Reflect.apply(Reflect.get(request, 'bytes'), request, [])).toString(),
    blob: async request => {
      const blob = await request.blob()
      return [blob.type, await blob.text()]
    },
    formData: async request => [...(await request.formData())],
    stream: async request => {
      const chunks: Uint8Array[] = []
      for await (const chunk of request.body ?? []) chunks.push(chunk)
      return Buffer.concat(chunks).toString()
    },
    clone: async request => {
      const copy = request.clone()
      return [await request.text(), await copy.text(), request.bodyUsed, copy.bodyUsed]
    },
    copy: async request => {
      const copy = new Request(request, { headers: { 'x-a': '1' } })
      return [copy.method, copy.headers.get('x-a'), await copy.text(), request.bodyUsed]
    },
    materialized: async request => [request.body !== null, request.bodyUsed, await request.text(), request.bodyUsed],
    twice: async request => {
      const first = await request.text()
      const second = await request.json().catch((error: unknown) => error instanceof TypeError)
      const copy = [() => request.clone(), () => new Request(request)].map(make => {
        try {
          return make()
        } catch (error) {
          return error instanceof TypeError
        }
      })
      const other = await new Request(request, { body: 'other' }).text()
      return [first, request.bodyUsed, second, ...copy, other, request.mode, request.body]
    },
  }
  const server = await serving(t, async request => {
    t.ok(request instanceof Request)
    t.equal(request.constructor, Request)
    return Response.json((await readers[new URL(request.url).pathname.slice(1)]?.(request)) ?? null)
  })
  const ask = async (reader: string, body: string, type = 'text/plain', method = 'POST'): Promise<unknown> => {
    const { length } = Buffer.from(body, 'latin1')
    const answers = [
      await server.exchange(
        request(method, [`Content-Type: ${type}`, `Content-Length: ${length}`], body).replace('/', `/${reader}`),
      ),
      await server.exchange(
        request(
          method,
          [`Content-Type: ${type}`, 'Transfer-Encoding: chunked'],
          `${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
        ).replace('/', `/${reader}`),
      ),
    ]
    const [first, second] = answers.map(answer => JSON.parse(bodyOf(answer)))
    t.same(first, second, 'chunked as with a length')
    return first
  }
  t.equal(await ask('text', 'hello'), 'hello')
  t.equal(await ask('text', '\u00ef\u00bb\u00bfhello'), 'hello', 'a byte order mark')
  t.same(await ask('json', '{"a":[1]}'), { a: [1] })
  t.equal(await ask('arrayBuffer', 'hello'), 'hello')
  t.equal(await ask('bytes', 'hello'), 'hello')
  t.same(await ask('blob', 'hello', 'text/css'), ['text/css', 'hello'])
  t.same(await ask('formData', 'a=1&b=2', 'application/x-www-form-urlencoded'), [['a', '1'], ['b', '2']]) // biome-ignore format: as it is read
  t.equal(await ask('stream', 'hello'), 'hello')
  t.same(await ask('clone', 'hello'), ['hello', 'hello', true, true])
  t.same(await ask('copy', 'hello'), ['POST', '1', 'hello', true])
  t.same(await ask('materialized', 'hello'), [true, false, 'hello', true])
  t.same(await ask('twice', 'hello'), ['hello', true, true, true, true, 'other', 'cors', null])
  t.equal(await ask('text', 'x'.repeat(200_000)), 'x'.repeat(200_000))
  t.equal(await ask('stream', 'x'.repeat(200_000)), 'x'.repeat(200_000))
  t.equal(await ask('text', 'ignored', 'text/plain', 'GET'), '', 'a GET has no body here')
  t.same(server.log.errors, [])
})

t.test('no body', async t => {
  const server = await serving(t, async request => {
    const { body } = request
    return Response.json([body, await request.text(), request.bodyUsed, await new Request(request).text()])
  })
  for (const method of ['GET', 'POST', 'DELETE']) {
    t.same(JSON.parse(bodyOf(await server.exchange(request(method)))), [null, '', false, ''], method)
  }
  t.same(JSON.parse(bodyOf(await server.exchange(request('POST', ['Content-Length: 0'])))), [null, '', false, ''])
})

t.test('a request is passed on', async t => {
  const upstream = createServer(async (req, res) => {
    const chunks: unknown[] = []
    for await (const chunk of req) chunks.push(chunk)
    res.end(`${req.method} ${req.url} ${req.headers['x-a']} ${chunks.join('')}`)
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    upstream.closeAllConnections()
    upstream.close()
  })
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo
  const server = await serving(t, request => {
    request.headers.delete('host')
    request.headers.delete('connection')
    request.headers.delete('content-length')
    if (request.url.endsWith('/direct')) return fetch(request)
    return fetch(new Request(`http://127.0.0.1:${port}/new`, request))
  })
  const fields = (length: number): string[] => ['X-A: 1', `Content-Length: ${length}`]
  t.match(await server.exchange(request('POST', fields(5), 'hello')), /POST \/new 1 hello/)
  const bytes = request('POST', fields(5), 'hello').replace('/', '/direct').replace('test', `127.0.0.1:${port}`)
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

t.test('100 Continue goes out when the body is first read', async t => {
  const server = await serving(t, async request => {
    if (request.url.endsWith('/never')) return new Response('no')
    if (request.url.endsWith('/stream')) {
      const { body } = request
      await new Promise(setImmediate)
      t.equal(server.sockets.at(-1)?.bytesWritten, 0, 'not before')
      const { value } = (await body?.getReader().read()) ?? {}
      return new Response(Buffer.from(value).toString())
    }
    return new Response(await request.text())
  })
  const head = ['Expect: 100-continue', 'Content-Length: 5']
  for (const path of ['/text', '/stream']) {
    const client = await server.connect()
    client.write(request('POST', head).replace('/', path))
    await client.until(/^HTTP\/1.1 100 Continue\r\n\r\n$/)
    client.write('hello')
    t.match(await client.all(), /100 Continue\r\n\r\nHTTP\/1.1 200 OK[\s\S]*hello$/)
  }
  t.match(await server.exchange(request('POST', head).replace('/', '/never')), /^HTTP\/1.1 200 OK\r\n/)
  t.same(server.log.errors, [])
})

t.test('a body that is larger than it may be', async t => {
  const outcomes: unknown[] = []
  const server = await serving(
    t,
    async request => {
      try {
        if (request.url.endsWith('/stream')) for await (const chunk of request.body ?? []) outcomes.push(chunk.length)
        else await request.text()
      } catch (error) {
        outcomes.push(error instanceof Error && error.name)
        // As frameworks do.
        return new Response('something failed', { status: 500 })
      }
      return new Response('all')
    },
    { limitRequestBody: 10 },
  )
  const chunked = (path: string): string =>
    request('POST', ['Transfer-Encoding: chunked'], '8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n').replace('/', path)
  for (const path of ['/text', '/stream']) {
    t.match(
      plain(await server.exchange(chunked(path))),
      /^HTTP\/1.1 413 Content Too Large\r\n[\s\S]*Content Too Large$/,
    )
    await until('the handler knows', () => outcomes.includes('BodyTooLarge'))
    outcomes.length = 0
  }
  t.match(await server.exchange(request('POST', ['Transfer-Encoding: chunked'], '3\r\nabc\r\n0\r\n\r\n')), /all$/)
  const lines = server.log.entries.map(({ level, message }) => `${level}: ${message}`)
  t.same(lines, ['info: a request was refused', 'info: a request was refused'])
})

t.test('a body that is not read', async t => {
  const server = await serving(t, () => new Response('no'))
  const client = await server.connect()
  client.write(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  )
  t.equal((await client.all()).match(/HTTP\/1.1 200 OK/g)?.length, 2, 'a short one keeps the connection')
  const large = await server.exchange('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\nhello')
  t.match(large, /Connection: close[\s\S]*no$/, 'a large one does not')
})

t.test('pipelined requests are run one after the other, and answered in order', async t => {
  const started: string[] = []
  const server = await serving(t, async ({ url }) => {
    const { pathname } = new URL(url)
    started.push(pathname)
    if (pathname === '/1') await until('the others are there', () => server.exchanges.length === 3)
    t.equal(started.at(-1), pathname)
    return new Response(`<${pathname}>`)
  })
  const client = await server.connect()
  client.write(['/1', '/2', '/3'].map(path => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  await client.until(/<\/3>/)
  t.same(client.text.match(/<.*?>/g), ['</1>', '</2>', '</3>'])
})

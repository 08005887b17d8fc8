import { Readable } from 'node:stream'
import vm from 'node:vm'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { encoder, serving, streamOf, upstream } from './fetch-scene.js'
import { plain, request } from './serve.js'

const TEXT = 'content-type: text/plain;charset=UTF-8\r\n'

const answers: Record<string, { made: () => unknown; sent: string }> = {
  text: { made: () => new Response('hello'), sent: `HTTP/1.1 200 OK\r\n${TEXT}Content-Length: 5\r\n\r\nhello` },
  'an empty text': { made: () => new Response(''), sent: `HTTP/1.1 200 OK\r\n${TEXT}Content-Length: 0\r\n\r\n` },
  'no body': { made: () => new Response(), sent: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' },
  bytes: {
    made: () => new Response(encoder.encode('h\u00e9')),
    sent: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nh\u00c3\u00a9',
  },
  'text beyond ASCII': {
    made: () => new Response('\u20ac', { headers: { 'x-name': 'J\u00f6rg' } }),
    sent: `HTTP/1.1 200 OK\r\nx-name: J\u00f6rg\r\n${TEXT}Content-Length: 3\r\n\r\n\u00e2\u0082\u00ac`,
  },
  'an ArrayBuffer': {
    made: () => new Response(encoder.encode('abc').buffer),
    sent: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc',
  },
  'a DataView': {
    made: () => new Response(new DataView(encoder.encode('abcd').buffer, 1, 2)),
    sent: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nbc',
  },
  'a Blob': {
    made: () => new Response(new Blob(['abc'], { type: 'text/css' })),
    sent: 'HTTP/1.1 200 OK\r\ncontent-type: text/css\r\ncontent-length: 3\r\n\r\nabc',
  },
  'a form': {
    made: () => new Response(new URLSearchParams({ a: '1 2' })),
    sent: 'HTTP/1.1 200 OK\r\ncontent-type: application/x-www-form-urlencoded;charset=UTF-8\r\nContent-Length: 5\r\n\r\na=1+2',
  },
  JSON: {
    made: () => Response.json({ a: 1 }),
    sent: 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}',
  },
  'JSON with a type of its own': {
    made: () => Response.json([], { status: 201, headers: { 'Content-Type': 'application/problem+json' } }),
    sent: 'HTTP/1.1 201 Created\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n[]',
  },
  'a short stream, whose length is known at once': {
    made: () => new Response(streamOf('he', 'llo')),
    sent: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  },
  'an empty stream': { made: () => new Response(streamOf()), sent: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' },
  'an iterable of bytes, which only Node has': {
    made: () => Reflect.construct(Response, [Readable.from([encoder.encode('ab'), encoder.encode('c')])]),
    sent: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc',
  },
  'a status and its reason': {
    made: () => new Response('no', { status: 404, statusText: 'Nothing Here' }),
    sent: `HTTP/1.1 404 Nothing Here\r\n${TEXT}Content-Length: 2\r\n\r\nno`,
  },
  'a status without a reason': {
    made: () => new Response(null, { status: 499 }),
    sent: 'HTTP/1.1 499 \r\nContent-Length: 0\r\n\r\n',
  },
  '204': {
    made: () => new Response(null, { status: 204, headers: { 'content-length': '5' } }),
    sent: 'HTTP/1.1 204 No Content\r\n\r\n',
  },
  '304': {
    made: () => new Response(null, { status: 304, headers: { etag: '"a"' } }),
    sent: 'HTTP/1.1 304 Not Modified\r\netag: "a"\r\n\r\n',
  },
  'a redirect': {
    made: () => Response.redirect('http://a.test/b', 303),
    sent: 'HTTP/1.1 303 See Other\r\nlocation: http://a.test/b\r\nContent-Length: 0\r\n\r\n',
  },
  'a type of its own': {
    made: () => new Response('<p>', { headers: { 'Content-Type': 'text/html' } }),
    sent: 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>',
  },
  'several cookies': {
    made: () => {
      const headers = new Headers({ 'set-cookie': 'a=1' })
      headers.append('Set-Cookie', 'b=2; Expires=Mon, 1 Jan 2029 00:00:00 GMT')
      headers.append('Vary', 'a')
      headers.append('Vary', 'b')
      return new Response(null, { headers })
    },
    sent: 'HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2; Expires=Mon, 1 Jan 2029 00:00:00 GMT\r\nvary: a, b\r\nContent-Length: 0\r\n\r\n',
  },
  'headers as pairs': {
    made: () => new Response(null, { headers: [['X-A', '1'], ['x-a', '2']] }), // biome-ignore format: as it is read
    sent: 'HTTP/1.1 200 OK\r\nx-a: 1, 2\r\nContent-Length: 0\r\n\r\n',
  },
  'names that are one': {
    made: () => new Response(null, { headers: { 'X-A': '1', 'x-a': '2' } }),
    sent: 'HTTP/1.1 200 OK\r\nx-a: 1, 2\r\nContent-Length: 0\r\n\r\n',
  },
  'a value with spaces around it': {
    made: () => new Response(null, { headers: { 'x-a': ' b ' } }),
    sent: 'HTTP/1.1 200 OK\r\nx-a: b\r\nContent-Length: 0\r\n\r\n',
  },
  'headers that were changed afterwards': {
    made: () => {
      const response = new Response('hello', { headers: { 'x-a': '1' } })
      response.headers.set('x-a', '2')
      response.headers.delete('content-type')
      return response
    },
    sent: 'HTTP/1.1 200 OK\r\nx-a: 2\r\nContent-Length: 5\r\n\r\nhello',
  },
  'headers that another object owns': {
    made: () => {
      const headers = new Headers({ 'x-a': '1' })
      const response = new Response(null, { headers })
      headers.set('x-a', '2')
      return response
    },
    sent: 'HTTP/1.1 200 OK\r\nx-a: 1\r\nContent-Length: 0\r\n\r\n',
  },
  'a response that was wrapped by a middleware': {
    made: () => {
      const inner = new Response('hello', { status: 201, headers: { 'x-a': '1' } })
      const outer = new Response(inner.body, inner)
      outer.headers.set('x-b', '2')
      return outer
    },
    sent: `HTTP/1.1 201 Created\r\n${TEXT}x-a: 1\r\nx-b: 2\r\nContent-Length: 5\r\n\r\nhello`,
  },
  'a clone': {
    made: () => new Response('hello').clone(),
    sent: `HTTP/1.1 200 OK\r\n${TEXT}Content-Length: 5\r\n\r\nhello`,
  },
  'a clone of a stream': {
    made: async () => {
      const response = new Response(streamOf('hello'), { headers: { etag: '"a"' } })
      const copy = response.clone()
      await response.text()
      return copy
    },
    sent: 'HTTP/1.1 200 OK\r\netag: "a"\r\nContent-Length: 5\r\n\r\nhello',
  },
  'a Content-Length of its own': {
    made: () => new Response('hello', { headers: { 'Content-Length': '5' } }),
    sent: `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n${TEXT}\r\nhello`,
  },
  'a subclass': {
    made: () => new (class extends Response {})('hello'),
    sent: `HTTP/1.1 200 OK\r\n${TEXT}Content-Length: 5\r\n\r\nhello`,
  },
  'a promise': { made: async () => new Response('x'), sent: `HTTP/1.1 200 OK\r\n${TEXT}Content-Length: 1\r\n\r\nx` },
}

for (const [name, { made, sent }] of Object.entries(answers)) {
  t.test(name, async t => {
    const server = await serving(t, made)
    t.equal(plain(await server.exchange(request())), sent)
    t.equal(plain(await server.exchange(request('POST', ['Content-Length: 3'], 'abc'))), sent)
    t.same(server.log.errors, [])
  })
}

t.test('HEAD', async t => {
  const made: Record<string, () => Response> = {
    '/text': () => new Response('hello'),
    '/none': () => new Response(null, { headers: { 'content-length': '7' } }),
    '/endless': () => new Response(new ReadableStream({ pull: c => c.enqueue(encoder.encode('x')) })),
  }
  const server = await serving(t, ({ url }) => made[new URL(url).pathname]?.())
  const head = async (path: string): Promise<string> => plain(await server.exchange(request('HEAD').replace('/', path)))
  t.equal(await head('/text'), `HTTP/1.1 200 OK\r\n${TEXT}Content-Length: 5\r\n\r\n`)
  t.equal(await head('/none'), 'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n')
  t.equal(await head('/endless'), 'HTTP/1.1 200 OK\r\n\r\n')
  t.same(server.log.errors, [])
})

t.test('HTTP/1.0: a stream of unknown length ends with the connection', async t => {
  const server = await serving(t, () => {
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise(setImmediate)
        controller.enqueue(encoder.encode('late'))
        controller.close()
      },
    })
    return new Response(body)
  })
  t.equal(plain(await server.exchange('GET / HTTP/1.0\r\n\r\n')), 'HTTP/1.1 200 OK\r\n\r\nlate')
  t.match(await server.exchange(request()), /Transfer-Encoding: chunked\r\n(?:.*\r\n)*\r\n4\r\nlate\r\n0\r\n\r\n$/)
})

t.test('responses of other makes', async t => {
  const realm = vm.createContext({ Symbol, bytes: encoder.encode('other realm') })
  const foreign: Record<string, unknown> = {
    'of another realm': vm.runInContext(
      `({ status: 201, statusText: 'Made', headers: new Map([['x-a', '1']]), bodyUsed: false,
         body: (async function* () { yield bytes })() })`,
      realm,
    ),
    'with a stream of Node, as node-fetch has it': {
      status: 201,
      statusText: 'Made',
      headers: [['x-a', '1']],
      body: Readable.from(['other realm'], { objectMode: false }),
    },
    'without streams, as polyfills for browsers are': {
      status: 201,
      statusText: 'Made',
      headers: new Headers({ 'x-a': '1' }),
      arrayBuffer: async () => encoder.encode('other realm').buffer,
    },
  }
  for (const [name, value] of Object.entries(foreign)) {
    const server = await serving(t, () => value)
    const sent = 'HTTP/1.1 201 Made\r\nx-a: 1\r\nContent-Length: 11\r\n\r\nother realm'
    t.equal(plain(await server.exchange(request())), sent, name)
    t.same(server.log.errors, [])
  }
})

t.test('a response from the network is passed on decoded, as it is', async t => {
  const authority = await upstream(t, (_, res) => {
    res.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' }).end(gzipSync('from afar'))
  })
  const server = await serving(t, () => fetch(`http://${authority}/`))
  const got = plain(await server.exchange(request()))
  t.match(got, /^HTTP\/1.1 200 OK\r\n/)
  t.match(got, /from afar/)
  t.notMatch(got, /content-encoding/)
  t.same(server.log.errors, [], 'what belongs to that connection is left out without a word')
})

t.test('what goes with the connection is the server\u2019s', async t => {
  const headers = {
    Connection: 'close',
    'Keep-Alive': 'timeout=1',
    'Transfer-Encoding': 'chunked',
    Upgrade: 'x',
    'x-a': '1',
  }
  const server = await serving(t, () => new Response('hello', { headers }))
  t.equal(plain(await server.exchange(request())), `HTTP/1.1 200 OK\r\nx-a: 1\r\n${TEXT}Content-Length: 5\r\n\r\nhello`)
  t.same(server.log.errors, ['hop-by-hop headers are not sent: Upgrade'], 'frameworks set the others')
})

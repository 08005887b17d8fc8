import t from 'tap'
import { type Handler, serving, streamOf } from './fetch-scene.js'
import { plain, request } from './serve.js'

const page =
  'HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 21\r\n\r\nInternal Server Error'

const broken: Record<string, { made: Handler; logs: RegExp }> = {
  throws: {
    made: () => {
      throw new Error('no database')
    },
    logs: /^the application failed: no database$/,
  },
  rejects: { made: () => Promise.reject(new Error('no database')), logs: /no database/ },
  'rejects with what is no error': { made: () => Promise.reject('a string'), logs: /a string/ },
  'returns undefined': { made: () => undefined, logs: /returned undefined: wanted a Response/ },
  'returns a string': { made: () => 'hello', logs: /returned a string: wanted a Response/ },
  'returns an object': { made: () => ({ status: 200 }), logs: /an object of class Object: wanted a Response/ },
  'resolves to null': { made: async () => null, logs: /returned null/ },
  'Response.error()': { made: () => Response.error(), logs: /illegal status "0 / },
  'a status of another protocol': { made: () => ({ status: 101, headers: [], body: null }), logs: /illegal status/ },
  'a body of another kind': { made: () => ({ status: 200, headers: [], body: 5 }), logs: /is a number: wanted/ },
  'an illegal status': { made: () => new Response('', { status: 99 }), logs: /illegal status 99/ },
  'a status that has no body': { made: () => new Response('', { status: 204 }), logs: /204 has no body/ },
  'an illegal reason': { made: () => new Response('', { statusText: 'a\nb' }), logs: /illegal statusText/ },
  'an illegal header name': { made: () => new Response('', { headers: { 'a b': 'c' } }), logs: /a b/ },
  'an illegal header value': { made: () => new Response('', { headers: { a: 'b\nc' } }), logs: /b\s*c|invalid/i },
  'a value that HTTP does not allow': {
    made: () => new Response('', { headers: [['a', 'b\u0001']] }),
    logs: /control character/,
  },
  'two lengths': {
    made: () => ({ status: 200, headers: [['content-length', '1'], ['content-length', '1']], body: 'a' }), // biome-ignore format: as it is read
    logs: /two Content-Length/,
  },
  'a stream that fails at once': {
    made: () => new Response(new ReadableStream({ start: c => c.error(new Error('torn')) })),
    logs: /^the application failed: torn$/,
  },
  'a stream of numbers': {
    made: () => Reflect.construct(Response, [new ReadableStream<unknown>({ start: c => c.enqueue(5) })]),
    logs: /the body yielded a number/,
  },
  'a body that was read': {
    made: async () => {
      const response = new Response('hello')
      await response.text()
      return response
    },
    logs: /body of the Response was used before/,
  },
  'a stream that is being read': {
    made: () => {
      const response = new Response(streamOf('hello'))
      response.body?.getReader()
      return response
    },
    logs: /was used before|is being read/,
  },
}

for (const [name, { made, logs }] of Object.entries(broken)) {
  t.test(`500: ${name}`, async t => {
    const server = await serving(t, made)
    t.equal(plain(await server.exchange(request())), page)
    await server.logged(logs)
    const [entry] = server.log.entries
    t.match(entry?.facts, { method: 'GET', path: '/', remote: '127.0.0.1' })
    t.equal(server.log.entries.length, 1)
  })
}

t.test('a Response serves once, one without a body as often as it likes', async t => {
  const kept = new Response('hello')
  const empty = new Response(null, { status: 202 })
  const server = await serving(t, ({ url }) => (url.endsWith('/empty') ? empty : kept))
  t.match(await server.exchange(request()), /hello$/)
  t.match(await server.exchange(request()), /^HTTP\/1.1 500 /)
  await server.logged(/used before: return a new one for each request, or a clone\(\)/)
  for (const _ of [1, 2]) t.match(await server.exchange(request().replace('/', '/empty')), /^HTTP\/1.1 202 /)
})

t.test('a Content-Length is kept', async t => {
  const server = await serving(t, ({ url }) => {
    const length = new URL(url).searchParams.get('length') ?? ''
    return new Response(streamOf('hello'), { headers: { 'content-length': length } })
  })
  t.match(await server.exchange(request().replace('/', '/?length=3')), /\r\n\r\nhel$/)
  await server.logged(/longer than its Content-Length/)
  t.match(await server.exchange(request().replace('/', '/?length=9')), /\r\n\r\nhello$/)
  await server.logged(/shorter than its Content-Length/)
})

import t from 'tap'
import { until } from '../helpers/until.js'
import { bodyOf, serving } from './fetch-scene.js'
import { plain, request } from './serve.js'

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

t.test('a body of which a part was read before an answer that comes in pieces', async t => {
  let [gate, open] = [Promise.resolve(), (): void => {}]
  const server = await serving(t, async request => {
    const { url, body } = request
    if (url.endsWith('/next')) return new Response('next')
    const reader = body?.getReader()
    await reader?.read()
    const pieces = async function* () {
      yield Buffer.from('begun ')
      await gate
      yield Buffer.from('done')
    }
    return new Response(ReadableStream.from(pieces()))
  })
  const sent = [200_000, 2_000_000].flatMap(size => [
    { size, field: `Content-Length: ${size}` },
    { size, field: 'Transfer-Encoding: chunked' },
  ])
  for (const { size, field } of sent) {
    const client = await server.connect()
    gate = new Promise(resolve => {
      open = resolve
    })
    client.write(`POST / HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`)
    const isChunked = field.endsWith('chunked')
    for (let sent = 0; sent < size; sent += 100_000) {
      const piece = 'b'.repeat(100_000)
      client.write(isChunked ? `${piece.length.toString(16)}\r\n${piece}\r\n` : piece)
    }
    client.write(`${isChunked ? '0\r\n\r\n' : ''}GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    await client.until(/begun/)
    open()
    const all = await client.all()
    t.match(all, /^HTTP\/1\.1 200 OK[\s\S]*keep-alive[\s\S]*done/, 'its head says that the connection is kept')
    t.match(all, /HTTP\/1\.1 200 OK[\s\S]*HTTP\/1\.1 200 OK[\s\S]*next$/, 'so it is')
  }
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

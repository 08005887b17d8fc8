import { H3 } from 'h3'
import { Hono } from 'hono'
import t from 'tap'
import type { Interface } from '../../config/interfaces.js'
import { fetch, markOf, node, wsgi } from '../../lib/application/mark.js'
import { UnicornError } from '../../lib/errors.js'
import type { Gateway } from '../../lib/gateway/gateway.js'
import type { NodeHandler } from '../../lib/gateway/node/target.js'
import type { Application } from '../../lib/gateway/wsgi/types.js'
import { gatewayFor, MemoryLog, nodeTest, request, serve } from './serve.js'

const application: Application = (_, startResponse) => {
  startResponse('200 OK', [])
  return 'wsgi'
}
const handler: NodeHandler = (_, res) => res.end('node')

async function create(value: unknown, name: 'auto' | Interface = 'auto'): Promise<Gateway> {
  const make = await gatewayFor(value, name)
  return make(new MemoryLog())
}

const handlers = 'handlers of the node interface get the request and the response of node:http'

/** As Express and Connect make them: a function with methods. */
function expressLike(): NodeHandler {
  return Object.assign(((_, res) => res.end('express')) satisfies NodeHandler, { handle() {}, use() {}, set() {} })
}

class KoaLike {
  readonly #text = 'koa'

  use(): void {}

  callback(): NodeHandler {
    return async (_, res) => res.end(this.#text)
  }
}

t.test('auto: by what the export is', async t => {
  t.equal((await create(application)).interface, 'wsgi')
  t.equal((await create(expressLike())).interface, 'node')
  t.equal((await create(new KoaLike())).interface, 'node')
  t.equal((await create({ fetch: () => new Response() })).interface, 'fetch')
  // The names of its parameters do not decide.
  t.equal((await create((req: unknown, res: unknown) => [req, res])).interface, 'wsgi')
})

t.test('the setting, or a wrapper', async t => {
  t.equal((await create(handler, 'node')).interface, 'node')
  t.equal((await create(node(() => {}))).interface, 'node')
  t.equal(
    (
      await create(
        node(() => {}),
        'node',
      )
    ).interface,
    'node',
  )
  t.equal((await create(() => new Response(), 'fetch')).interface, 'fetch')
  t.equal((await create(fetch(() => new Response()))).interface, 'fetch')
  t.equal((await create(wsgi(() => 'x'))).interface, 'wsgi')
  t.equal((await create(wsgi(Object.assign(() => '', { handle() {}, use() {} })))).interface, 'wsgi')
})

t.test('a wrapper gives the same function back', async t => {
  const own: NodeHandler = () => {}
  t.equal(node(own), own)
  t.equal(markOf(own), 'node')
  t.same(Object.keys(own), [])
  const site = { fetch: () => new Response() }
  t.equal(fetch(site), site)
  t.equal(markOf(site), 'fetch')
  const sealed = [
    fetch(Object.freeze({ fetch: () => new Response('object') })),
    fetch(Object.freeze(() => new Response('function'))),
  ]
  t.same(sealed.map(markOf), ['fetch', 'fetch'])
  const frozen = Object.freeze<NodeHandler>(() => 'x')
  t.equal(markOf(node(frozen)), 'node')
  t.equal(markOf(frozen), undefined)
  const copy = Object.assign(() => {}, { [Symbol.for('unicorn.interface')]: 'node' })
  t.equal((await create(copy)).interface, 'node', 'another copy of the package has wrapped it')
})

t.test('what cannot be served says why', async t => {
  class Site {}
  const refused: [value: unknown, name: 'auto' | Interface, message: RegExp][] = [
    [
      undefined,
      'auto',
      /export "application" of \/srv\/app.js cannot be served: it is undefined; wanted a function.*--interface/,
    ],
    [null, 'auto', /it is null/],
    ['text', 'auto', /it is a string/],
    [{}, 'auto', /it is an object of class Object/],
    [Object.create(null), 'auto', /it is an object of class none/],
    [Site, 'auto', /it is the class Site/],
    [{}, 'fetch', /wanted a function \(request\), or an object with a method fetch\(request\)/],
    [class Site {}, 'fetch', /it is the class Site; wanted a function \(request\)/],
    [fetch(() => new Response()), 'node', /wrapped as fetch, and --interface says node/],
    [{}, 'node', /wanted a function \(req, res\), an http.Server/],
    [new KoaLike(), 'wsgi', /wanted a function \(environ, startResponse\)/],
    [node(() => {}), 'wsgi', /wrapped as node, and --interface says wsgi/],
    [Object.assign(() => {}, { [Symbol.for('unicorn.interface')]: 'grpc' }), 'auto', /wrapped as "grpc"/],
  ]
  for (const [value, name, message] of refused) {
    try {
      await create(value, name)
      t.fail(`${message} was not thrown`)
    } catch (error) {
      t.ok(error instanceof UnicornError)
      t.match(error, { exitCode: 4, message })
    }
  }
})

t.test('the fetch interface', async t => {
  class Site {
    readonly #text = 'method'

    fetch(): Response {
      return new Response(this.#text)
    }
  }
  function own(this: unknown): Response {
    return new Response(`this is ${this}`)
  }
  const forms: [value: unknown, name: 'auto' | Interface, body: string][] = [
    [new Site(), 'auto', 'method'],
    [own, 'fetch', 'this is undefined'],
    [fetch(own), 'auto', 'this is undefined'],
    [fetch(Object.freeze(new Site())), 'auto', 'method'],
    [Object.assign(() => 'called', { fetch: () => new Response('of a function') }), 'auto', 'of a function'],
    [fetch(new Hono().get('/', c => c.text('hono'))), 'auto', 'hono'],
    [fetch(new H3().get('/', () => 'h3')), 'auto', 'h3'],
  ]
  for (const [value, name, body] of forms) {
    const server = await serve(t, value, { interface: name })
    t.match(await server.exchange(request()), new RegExp(`^HTTP/1.1 200 OK\r\n(.*\r\n)*.*${body}$`))
    t.same(server.log.errors, [])
  }
})

nodeTest(t, 'the node interface', handlers, async t => {
  for (const [value, body] of [
    [node(handler), 'node'],
    [expressLike(), 'express'],
    [new KoaLike(), 'koa'],
  ] as const) {
    const server = await serve(t, value, { interface: 'auto' })
    t.match(await server.exchange(request()), new RegExp(`^HTTP/1.1 200 OK\r\n(.*\r\n)*.*${body}`))
    t.equal(server.exchanges[0]?.environ, undefined)
    t.same(server.log.entries, [])
  }
})

nodeTest(t, 'a handler that fails', handlers, async t => {
  const failing: Record<string, NodeHandler> = {
    'throws at once': () => JSON.parse('{'),
    rejects: async (_, res) => {
      res.setHeader('X-Half', 'made').setHeader('Content-Length', '5')
      res.statusCode = 201
      return JSON.parse('{')
    },
  }
  for (const [what, fail] of Object.entries(failing)) {
    const server = await serve(t, fail, { interface: 'node' })
    const got = await server.exchange(request())
    t.match(got, /^HTTP\/1.1 500 Internal Server Error\r\n[\s\S]*Internal Server Error$/, what)
    t.notMatch(got, /X-Half|Content-Length: 5/)
    t.match(server.log.errors, [/the application failed: .*JSON/])
    t.match(server.log.entries[0]?.facts, { method: 'GET', path: '/', remote: '127.0.0.1' })
  }
  const goingOn: NodeHandler = (_, res) => {
    setImmediate(() => res.writeHead(200).end('after all'))
    throw new Error('sorry')
  }
  const patient = await serve(t, goingOn, { interface: 'node' })
  t.match(await patient.exchange(request()), /^HTTP\/1.1 500/, 'what it still does is dropped')
  const late: NodeHandler = async (_, res) => {
    res.write('hello')
    throw new Error('too late')
  }
  const server = await serve(t, late, { interface: 'node' })
  t.notMatch(await server.exchange(request()), /0\r\n\r\n$/)
  t.match(server.log.errors, [/too late/])
  const after: NodeHandler = async (_, res) => {
    res.end('hello')
    throw new Error('afterwards')
  }
  const served = await serve(t, after, { interface: 'node' })
  t.match(await served.exchange(request()), /hello/)
  await served.logged(/afterwards/)
})

nodeTest(t, '100 Continue goes out before the handler runs, as node:http does it', handlers, async t => {
  const echo: NodeHandler = (req, res) => req.pipe(res)
  const server = await serve(t, echo, { interface: 'node' })
  const client = await server.connect()
  client.write(request('POST', ['Expect: 100-continue', 'Content-Length: 5']))
  await client.until(/^HTTP\/1.1 100 Continue\r\n\r\n$/)
  client.write('hello')
  t.match(await client.all(), /hello/)
})

nodeTest(t, 'a chunked body beyond the limit', handlers, async t => {
  const bodies: string[] = []
  const collect: NodeHandler = async (req, res) => {
    let body = ''
    for await (const chunk of req) body += String(chunk)
    bodies.push(body)
    res.end('ok')
  }
  const server = await serve(t, collect, { interface: 'node', limitRequestBody: 10 })
  const chunked = (size: number): string =>
    request('POST', ['Transfer-Encoding: chunked'], `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`)
  t.match(await server.exchange(chunked(10)), /^HTTP\/1.1 200/)
  t.match(await server.exchange(chunked(11)), /^HTTP\/1.1 413 Content Too Large\r\n[\s\S]*Connection: close/)
  t.match(server.log.entries[0], { level: 'info', message: 'a request was refused' })
  t.same(bodies, ['x'.repeat(10)])

  const echo: NodeHandler = (req, res) => req.pipe(res)
  const answered = await serve(t, echo, { interface: 'node', limitRequestBody: 10 })
  const client = await answered.connect()
  client.write(`${request('POST', ['Transfer-Encoding: chunked'])}5\r\nhello\r\n`)
  await client.until(/hello/)
  client.write('6\r\nworld!\r\n0\r\n\r\n')
  t.notMatch(await client.all(), /world|413|0\r\n\r\n$/, 'cut, once the head is out')
})

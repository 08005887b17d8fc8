import t from 'tap'
import { until } from '../helpers/until.js'
import { bodyOf, serving } from './fetch-scene.js'
import { engine, nodeTest, request } from './serve.js'

t.test('what else is known of a request', async t => {
  const server = await serving(t, (request, context, third) => {
    const { remoteAddress, remotePort, remoteAddr, incoming } = context
    const { ip, runtime, waitUntil } = Object(request)
    const peer = { address: remoteAddress, family: 'IPv4', port: remotePort }
    t.equal(third, context)
    t.same(context.requestIP(), peer)
    t.same(remoteAddr, { transport: 'tcp', hostname: '127.0.0.1', port: remotePort })
    t.match(incoming, {
      method: 'PURGE',
      url: '/',
      headers: { host: 'test' },
      socket: engine === 'memory' ? {} : { remotePort },
    })
    t.equal(runtime.node.req, incoming)
    if (engine === 'node') t.equal(runtime.node.res, context.outgoing)
    else t.throws(() => context.outgoing, /say --http-engine node/)
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

nodeTest(t, 'answered by other means', 'outgoing', async t => {
  const server = await serving(t, ({ url }, { outgoing }) => {
    const path = new URL(url).pathname
    if (path === '/header') {
      outgoing.setHeader('X-Of-Node', 'yes')
      return new Response('hello')
    }
    if (path === '/later') {
      setImmediate(() => outgoing.end('later'))
      return new Response(null, { headers: { 'x-hono-already-sent': 'true' } })
    }
    outgoing.end('by Node')
    return new Response('by fetch')
  })
  t.match(await server.exchange(request()), /\r\n\r\nby Node$/)
  t.match(await server.exchange(request().replace('/', '/later')), /later/)
  t.match(await server.exchange(request().replace('/', '/header')), /X-Of-Node: yes\r\n[\s\S]*hello$/)
  t.same(server.log.errors, [])
})

t.test('promises that the handler does not wait for', async t => {
  let finish: (() => void) | undefined
  const server = await serving(t, ({ url }, { waitUntil }) => {
    const { pathname } = new URL(url)
    if (pathname === '/fails') waitUntil(Promise.reject(new Error('not written')))
    else waitUntil(new Promise<void>(resolve => { finish = resolve })) // biome-ignore format: as it is read
    return new Response('done')
  })
  t.match(await server.exchange(request().replace('/', '/fails')), /done$/)
  await server.logged(/^a promise given to waitUntil was rejected: not written$/)
  t.match(server.log.entries[0]?.facts, { path: '/fails' })
  t.match(await server.exchange(request()), /done$/)
  let closed = false
  const closing = server.settled().then(() => {
    closed = true
  })
  await until('the promise is there', () => finish !== undefined)
  await new Promise(setImmediate)
  t.equal(closed, false)
  finish?.()
  await closing
})

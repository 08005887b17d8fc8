import { once } from 'node:events'
import t from 'tap'
import type { Application, Chunk, Environ, StartResponse } from '../../lib/gateway/wsgi/types.js'
import { until } from '../helpers/until.js'
import { request, serve } from './serve.js'
import { readSlowly } from './slow-reader.js'
import { clientGone, gate } from './waits.js'

t.test('a slow reader: the body is pulled only as fast as the client reads', async t => {
  const block = Buffer.alloc(64 * 1024, 'x')
  let pulled = 0
  let ended = false
  function* endless(): Generator<Chunk> {
    try {
      for (;;) {
        pulled++
        yield block
      }
    } finally {
      ended = true
    }
  }
  const server = await serve(t, (_: Environ, startResponse: StartResponse) => {
    startResponse('200 OK', [])
    return endless()
  })
  await readSlowly(t, { server, pulled: () => pulled, most: 4 * block.length })
  await until('the generator is ended', () => ended)
})

t.test('an endless generator leaves other requests their turn', async t => {
  const app: Application = ({ PATH_INFO }, startResponse) => {
    startResponse('200 OK', [])
    if (PATH_INFO !== '/endless') return ['quick']
    return (function* () {
      for (;;) yield 'x'.repeat(1000)
    })()
  }
  const server = await serve(t, app)
  const glutton = await server.connect()
  glutton.socket.removeAllListeners('data').resume()
  glutton.write('GET /endless HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('it runs', () => (glutton.socket.bytesRead ?? 0) > 100_000)
  t.match(await server.exchange(request()), /quick$/)
  glutton.socket.destroy()
})

t.test('pipelined requests are run one after the other, and answered in order', async t => {
  const { passed, open } = gate()
  const started: string[] = []
  const app: Application = async ({ PATH_INFO }, startResponse) => {
    started.push(PATH_INFO)
    if (PATH_INFO === '/1') await passed
    startResponse('200 OK', [])
    return [`<${PATH_INFO}>`]
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write(['/1', '/2', '/3'].map(path => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  await server.hasRead(client)
  t.same(started, ['/1'])
  open()
  await client.until(/<\/3>/)
  t.same(client.text.match(/<.*?>/g), ['</1>', '</2>', '</3>'])
})

t.test('pipelined requests behind a client that leaves are not run', async t => {
  const started: string[] = []
  const app: Application = async (environ, startResponse) => {
    started.push(environ.PATH_INFO)
    await once(environ['unicorn.signal'], 'abort')
    startResponse('200 OK', [])
    return []
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write(['/1', '/2'].map(path => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  await server.hasRead(client)
  client.socket.destroy()
  await clientGone(server)
  t.same(started, ['/1'])
})

t.test('early hints', async t => {
  const app: Application = (environ, startResponse) => {
    environ['wsgi.early_hints']([
      ['Link', '</a.css>; rel=preload'],
      ['link', '</b.js>; rel=preload'],
      ['X-Hint', 'yes'],
    ])
    environ['wsgi.early_hints']([['X-Hint', 'without a link there is nothing to hint at']])
    startResponse('200 OK', [])
    return ['ok']
  }
  const server = await serve(t, app)
  const got = await server.exchange(request())
  t.match(
    got,
    /^HTTP\/1.1 103 Early Hints\r\nLink: <\/a.css>; rel=preload, <\/b.js>; rel=preload\r\nX-Hint: yes\r\n\r\nHTTP\/1.1 200 OK\r\n/,
  )
  t.equal(got.match(/103/g)?.length, 1)
  t.match(await server.exchange('GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1.1 200/)
  const bad = await serve(t, (environ: Environ) => environ['wsgi.early_hints']([['Link', '</a>; rel=x\r\nX: y']]))
  t.match(await bad.exchange(request()), /^HTTP\/1.1 500/)
})

t.test('a client that closes its sending side', async t => {
  const { passed, open } = gate()
  const app: Application = async (_, startResponse) => {
    await passed
    startResponse('200 OK', [])
    return (async function* () {
      yield 'a'
      yield 'b'
    })()
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.socket.end(request())
  await until('the request is there', () => server.exchanges.length === 1)
  open()
  await client.ending
  t.same(server.log.errors, [], 'whatever node:http makes of it, nothing fails')
})

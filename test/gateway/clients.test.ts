import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { Application, Chunk, Environ, StartResponse } from '../../lib/gateway/wsgi/types.js'
import { validator } from '../../lib/gateway/wsgi/validator.js'
import { until } from '../helpers/until.js'
import { request, serve } from './serve.js'
import { clientGone, gate } from './waits.js'

function begun(stream: Readable): Readable {
  stream.push('hello')
  return stream
}

t.test('close() is called once, after the end', async t => {
  const events: string[] = []
  const closing = (chunks: Iterable<Chunk> | AsyncIterable<Chunk>): Iterable<Chunk> | AsyncIterable<Chunk> =>
    Object.assign(chunks, { close: () => events.push('close') })
  const bodies: (() => Iterable<Chunk> | AsyncIterable<Chunk>)[] = [
    () => closing(['a', 'b']),
    () => closing(new Set(['a', 'b'])),
    () => closing(Readable.from(['a', 'b'])),
  ]
  for (const make of bodies) {
    const server = await serve(t, (_: Environ, startResponse: StartResponse) => {
      startResponse('200 OK', [['Content-Length', '2']])
      return make()
    })
    t.match(await server.exchange(request()), /ab$/)
    await until('it is closed', () => events.length > 0)
    t.same(events.splice(0), ['close'])
  }
})

t.test('close() comes also if the body is not wanted, or the application fails', async t => {
  const events: string[] = []
  function* chunks(): Generator<Chunk> {
    try {
      yield 'hello'
      events.push('second')
      yield 'world'
    } finally {
      events.push('finally')
    }
  }
  const app: Application = ({ QUERY_STRING }, startResponse) => {
    if (QUERY_STRING !== 'nothing') startResponse(QUERY_STRING.replace('+', ' '), [['Content-Length', '3']])
    return chunks()
  }
  const server = await serve(t, app)
  const ask = async (method: string, query: string): Promise<string[]> => {
    await server.exchange(request(method).replace('/', `/?${query}`))
    await until('it ended', () => events.includes('finally'))
    return events.splice(0)
  }
  t.same(await ask('HEAD', '200+OK'), ['finally'])
  t.same(await ask('GET', '304+Not'), ['finally'])
  t.same(await ask('GET', '200+OK'), ['finally'], 'the Content-Length was exceeded')
  t.same(await ask('GET', 'nothing'), ['finally'], 'startResponse was not called')
})

t.test('a client that leaves before the application answers', async t => {
  const { passed, open } = gate()
  const events: string[] = []
  const app: Application = async (_, startResponse) => {
    await passed
    startResponse('200 OK', [])
    return Object.assign(new Set(['x']), { close: () => events.push('close') })
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write(request())
  await until('the request is there', () => server.exchanges.length === 1)
  client.socket.destroy()
  await clientGone(server)
  open()
  await until('the body is closed', () => events.length > 0)
  t.same(events, ['close'])
  t.same(server.log.entries, [])
})

t.test('a client that leaves while the next chunk is awaited', async t => {
  const events: string[] = []
  const body = {
    [Symbol.asyncIterator]: () => ({
      pulls: 0,
      next() {
        this.pulls++
        const first: IteratorResult<string> = { done: false, value: 'hello' }
        return this.pulls === 1 ? Promise.resolve(first) : new Promise<IteratorResult<string>>(() => {})
      },
      async return(): Promise<IteratorResult<string>> {
        events.push('return')
        return { done: true, value: undefined }
      },
    }),
  }
  const server = await serve(t, (_: Environ, startResponse: StartResponse) => {
    startResponse('200 OK', [])
    return body
  })
  const client = await server.connect()
  client.write(request())
  await client.until(/hello/)
  client.socket.destroy()
  await until('the iterator is ended', () => events.length > 0)
  t.same(events, ['return'])
})

t.test('a client that leaves a stream: it is ended at once, and that is no error', async t => {
  const events: string[] = []
  const stalled = (): Readable =>
    new Readable({
      read() {},
      destroy: (_, done) => {
        events.push('destroy')
        done(null)
      },
    })
  const bodies: Record<string, (environ: Environ) => AsyncIterable<Chunk>> = {
    'a Node stream': () => begun(stalled()),
    'a Node stream as a file': environ => environ['wsgi.file_wrapper'](begun(stalled())),
    'a Node stream, validated': () => begun(stalled()),
    'a web stream': () =>
      new ReadableStream<string>({
        start: controller => controller.enqueue('hello'),
        pull: () => new Promise(() => {}),
        cancel: () => void events.push('destroy'),
      }),
  }
  for (const [name, make] of Object.entries(bodies)) {
    const app: Application = (environ, startResponse) => {
      startResponse('200 OK', [['Content-Type', 'text/plain']])
      return make(environ)
    }
    const server = await serve(t, name.includes('validated') ? validator(app) : app)
    const client = await server.connect()
    client.write(request())
    await client.until(/hello/)
    client.socket.destroy()
    await until(`${name} is ended`, () => events.length > 0)
    await nextTurn()
    t.same(events.splice(0), ['destroy'], name)
    t.same(server.log.errors, [], name)
  }
})

t.test('a web stream that has another reader', async t => {
  const stream = new ReadableStream()
  stream.getReader()
  const server = await serve(t, (_: Environ, startResponse: StartResponse) => {
    startResponse('200 OK', [])
    return stream
  })
  t.match(await server.exchange(request()), /^HTTP\/1\.1 500 /)
  t.match(server.log.errors, [/is being read/])
})

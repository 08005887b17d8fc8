import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { Application, Chunk, Environ, StartResponse } from '../../lib/gateway/wsgi/types.js'
import { validator } from '../../lib/gateway/wsgi/validator.js'
import { until } from '../helpers/until.js'
import { request, type Served, serve } from './serve.js'

/** A promise that the test resolves. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open: () => void = () => {}
  const passed = new Promise<void>(resolve => {
    open = resolve
  })
  return { passed, open }
}

function begun(stream: Readable): Readable {
  stream.push('hello')
  return stream
}

/** Waits until the server has seen that the client is gone. */
async function leave(server: Served): Promise<void> {
  await until('the request is there', () => server.exchanges.length > 0)
  const answer = server.exchanges[0]?.answer
  if (answer && !answer.gone) await new Promise<void>(resolve => answer.onClose(resolve))
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

t.test('close() comes also where the body is not wanted, or the application fails', async t => {
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
  await leave(server)
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

t.test('a web stream that somebody else reads', async t => {
  const stream = new ReadableStream()
  stream.getReader()
  const server = await serve(t, (_: Environ, startResponse: StartResponse) => {
    startResponse('200 OK', [])
    return stream
  })
  t.match(await server.exchange(request()), /^HTTP\/1\.1 500 /)
  t.match(server.log.errors, [/is being read/])
})

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
  const client = await server.connect()
  client.socket.pause()
  client.write(request())
  let before = -1
  await until('nothing is pulled any more', () => {
    const still = pulled > 0 && pulled === before
    before = pulled
    return still
  })
  t.ok(server.sockets[0]?.writableNeedDrain, 'the response waits')
  t.ok((server.sockets[0]?.writableLength ?? 0) < 4 * block.length, 'little is held in memory')
  const stalled = pulled
  client.socket.resume()
  await until('reading makes it go on', () => pulled > stalled + 10)
  client.socket.pause()
  client.socket.destroy()
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

t.test('unicorn.signal', async t => {
  const environs: Environ[] = []
  const { passed, open } = gate()
  const app: Application = async (environ, startResponse) => {
    environs.push(environ)
    startResponse('200 OK', [])
    if (environ.PATH_INFO === '/wait') await passed
    return ['ok']
  }
  const server = await serve(t, app)
  await t.test('is one signal, not aborted by a finished response', async t => {
    await server.exchange(request())
    const environ = environs.pop()
    t.equal(environ?.['unicorn.signal'], environ?.['unicorn.signal'])
    t.ok(environ?.['unicorn.signal'] instanceof AbortSignal)
  })
  await t.test('is aborted when the client goes away', async t => {
    const client = await server.connect()
    client.write('GET /wait HTTP/1.1\r\nHost: a\r\n\r\n')
    await until('the application runs', () => environs.length === 1)
    const signal = environs[0]?.['unicorn.signal']
    t.equal(signal?.aborted, false)
    client.socket.destroy()
    if (signal !== undefined && !signal.aborted) await once(signal, 'abort')
    t.equal(signal?.aborted, true)
    open()
  })
  t.test('is aborted from the start where it is asked for too late', async t => {
    await until('the server knows', () => server.exchanges.at(-1)?.answer.gone === true)
    const [environ] = environs.splice(0)
    t.equal({ ...environ }['unicorn.signal']?.aborted, true)
  })
})

t.test('an application that rejects because its client left is no error', async t => {
  const app: Application = async (environ, startResponse) => {
    startResponse('200 OK', [])
    const signal = environ['unicorn.signal']
    await once(signal, 'abort')
    signal.throwIfAborted()
    return []
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write(request())
  await until('the request is there', () => server.exchanges.length === 1)
  client.socket.destroy()
  await until('it is noted', () => server.log.entries.length === 1)
  t.match(server.log.entries, [{ level: 'debug', message: 'the client went away' }])
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
  await until('all are there', () => server.exchanges.length === 3)
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
  await until('both are there', () => server.exchanges.length === 2)
  client.socket.destroy()
  await leave(server)
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

t.test('a request that the server has answered in place of the application', async t => {
  const { passed, open } = gate()
  const events: string[] = []
  function* endless(): Generator<Chunk> {
    for (;;) {
      events.push('pulled')
      yield 'x'
    }
  }
  const app: Application = async (_, startResponse) => {
    await passed
    startResponse('200 OK', [])
    return { [Symbol.iterator]: endless, close: () => events.push('close') }
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write(request())
  await until('the request is there', () => server.exchanges.length === 1)
  server.exchanges[0]?.answer.refuse(504)
  open()
  await until('the body is closed', () => events.includes('close'))
  t.same(events, ['close'])
  t.match(await client.all(), /^HTTP\/1.1 504 [\s\S]*Gateway Timeout$/)
})

t.test('an application that is told that its request took too long', async t => {
  const events: string[] = []
  const app: Application = async (environ, startResponse) => {
    startResponse('200 OK', [])
    const signal = environ['unicorn.signal']
    if (environ.PATH_INFO === '/signal') {
      await once(signal, 'abort')
      events.push('abort')
      throw signal.reason
    }
    const next = (): Promise<IteratorResult<Chunk>> => new Promise(() => {})
    return { [Symbol.asyncIterator]: () => ({ next }), close: () => events.push('close') }
  }
  const server = await serve(t, app)
  for (const [i, [path, event]] of [
    ['/signal', 'abort'],
    ['/body', 'close'],
  ].entries()) {
    const client = await server.connect()
    client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    await until('the application can be told', () => server.exchanges[i]?.abort !== undefined)
    const exchange = server.exchanges[i]
    exchange?.answer.refuse(504)
    exchange?.abort?.(new Error('too slow'))
    await until('it was told', () => events.length > 0)
    t.same(events.splice(0), [event])
    await client.until(/Gateway Timeout$/)
  }
  t.same(server.log.errors, [])
})

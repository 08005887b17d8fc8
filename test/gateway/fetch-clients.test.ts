import t from 'tap'
import { until } from '../helpers/until.js'
import { encoder, leave, serving } from './fetch-scene.js'
import { request } from './serve.js'
import { gate } from './waits.js'

/** A stream that notes what is done to it; `chunks` come one at a pull, and after them nothing. */
function noted(events: string[], ...chunks: string[]): ReadableStream<Uint8Array> {
  const left = [...chunks]
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = left.shift()
        if (chunk === undefined) return new Promise<void>(() => {})
        events.push('pull')
        controller.enqueue(encoder.encode(chunk))
        return undefined
      },
      cancel(reason) {
        events.push(`cancel: ${reason instanceof Error && reason.name}`)
      },
    },
    { highWaterMark: 0 },
  )
}

t.test('a client that leaves while the handler works', async t => {
  const { passed, open } = gate()
  const events: string[] = []
  const server = await serving(t, async ({ signal }) => {
    signal.addEventListener('abort', () => events.push(`abort: ${signal.reason.name}`))
    await passed
    return new Response(noted(events, 'x'))
  })
  const client = await server.connect()
  client.write(request())
  await leave(server, client)
  t.same(events.splice(0), ['abort: AbortError'])
  open()
  await until('the stream is cancelled', () => events.length > 0)
  t.same(events, ['cancel: ClientGone'])
  t.same(server.log.entries, [])
})

t.test('a client that leaves before the first chunk, and between two', async t => {
  for (const chunks of [[], ['hello']]) {
    const events: string[] = []
    const server = await serving(t, () => new Response(noted(events, ...chunks)))
    const client = await server.connect()
    client.write(request())
    await client.until(chunks.length === 0 ? /\r\n\r\n$/ : /hello/)
    await leave(server, client)
    await until('the stream is cancelled', () => events.includes('cancel: ClientGone'))
    t.same(server.log.entries, [])
  }
})

t.test('a client that leaves in the middle of its body', async t => {
  const readers: ((request: Request) => Promise<unknown>)[] = [
    request => request.text(),
    request => request.clone().json(),
    async ({ body }) => {
      for await (const _ of body ?? []);
    },
  ]
  for (const read of readers) {
    const outcomes: unknown[] = []
    const server = await serving(t, async request => {
      const failure = await read(request).catch((error: unknown) => error)
      outcomes.push(failure instanceof Error && failure.name)
      throw failure
    })
    const client = await server.connect()
    client.write(request('POST', ['Content-Length: 10'], 'hello'))
    await leave(server, client)
    await until('the handler knows', () => outcomes.length > 0)
    t.match(outcomes, [/ClientGone|AbortError/])
    await until('it is noted', () => server.log.entries.length > 0)
    t.match(server.log.entries, [{ level: 'debug', message: 'the client went away' }])
  }
})

t.test('the signal', async t => {
  const requests: Request[] = []
  const { passed, open } = gate()
  const server = await serving(t, async request => {
    requests.push(request)
    if (request.url.endsWith('/wait')) await passed
    return new Response('ok')
  })
  await t.test('is not aborted by a finished response', async t => {
    await server.exchange(request())
    const [request0] = requests.splice(0)
    t.equal(request0?.signal, request0?.signal)
    t.ok(request0?.signal instanceof AbortSignal)
    t.equal(request0?.signal.aborted, false)
  })
  await t.test('is aborted when the client goes away, that of a copy too', async t => {
    const client = await server.connect()
    client.write('GET /wait HTTP/1.1\r\nHost: a\r\n\r\n')
    await until('the handler runs', () => requests.length === 1)
    const [request1] = requests
    const copy = request1 && new Request(request1)
    t.equal(request1?.signal.aborted, false)
    client.socket.destroy()
    await until('both are', () => request1?.signal.aborted === true && copy?.signal.aborted === true)
    open()
  })
  t.test('is aborted from the start if it is asked for too late', async t => {
    const { passed, open } = gate()
    const late: boolean[] = []
    const server = await serving(t, async request => {
      await passed
      late.push(request.signal.aborted)
      return new Response()
    })
    const client = await server.connect()
    client.write(request())
    await leave(server, client)
    open()
    await until('the handler has asked', () => late.length > 0)
    t.same(late, [true])
  })
})

t.test('the worker gives a request up', async t => {
  const events: string[] = []
  const server = await serving(t, ({ url, signal }) => {
    signal.addEventListener('abort', () => events.push(`abort: ${signal.reason.message}`))
    return url.endsWith('/silent') ? new Promise<Response>(() => {}) : new Response(noted(events, 'hello'))
  })
  for (const path of ['/silent', '/stream']) {
    const client = await server.connect()
    client.write(request().replace('/', path))
    const { length } = server.exchanges
    await until('it is there', () => server.exchanges.length > 0)
    if (path === '/stream') await client.until(/hello/)
    const exchange = server.exchanges.splice(0, length + 1).at(-1)
    exchange?.answer.cut()
    exchange?.abort?.(new Error('too late'))
    const ends = path === '/stream' ? 2 : 1
    await until(
      'the handler knows, and its stream',
      () => events.filter(event => /^(abort|cancel)/.test(event)).length === ends,
    )
    t.ok(events.includes('abort: too late'), path)
    events.length = 0
  }
})

t.test('an error in the stream of a client that has left', async t => {
  const { passed, open } = gate()
  const server = await serving(t, () => {
    const body = new ReadableStream({
      async pull(controller) {
        await passed
        controller.error(new DOMException('gone', 'AbortError'))
      },
    })
    return new Response(body)
  })
  const client = await server.connect()
  client.write(request())
  await leave(server, client)
  open()
  t.match(await server.exchange('GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1.1 400/, 'the process still runs')
  t.same(server.log.errors, [])
})

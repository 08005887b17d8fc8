import { once } from 'node:events'
import t, { type Test } from 'tap'
import type { FetchContext } from '../../lib/gateway/fetch/types.js'
import { until } from '../helpers/until.js'
import { type Client, type Options, request, type Served, serve } from './serve.js'

function serving(
  t: Test,
  fetch: (request: Request, context: FetchContext) => Response | Promise<Response>,
  options: Options = {},
): Promise<Served> {
  return serve(t, { fetch }, { interface: 'fetch', ...options })
}

const encoder = new TextEncoder()
const block = new Uint8Array(64 * 1024).fill(120)

/** A promise that the test resolves. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open: () => void = () => {}
  const passed = new Promise<void>(resolve => {
    open = resolve
  })
  return { passed, open }
}

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

/** Leaves, and waits until the server has seen it. */
async function leave(server: Served, client: Client): Promise<void> {
  await until('the request is there', () => server.exchanges.length > 0)
  client.socket.destroy()
  await until('the server has seen it', () => server.exchanges[0]?.answer.gone === true)
}

t.test('a stream is sent as it comes', async t => {
  const gates = [gate(), gate()]
  const server = await serving(t, () => {
    let step = 0
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await gates[step]?.passed
        controller.enqueue(encoder.encode(`<${step}>`))
        if (++step === gates.length) controller.close()
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  })
  const client = await server.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const head = /text\/event-stream[\s\S]*\r\n\r\n$/
  t.match(await client.until(head), head, 'the head goes ahead of a body that takes its time')
  gates[0]?.open()
  await client.until(/<0>/)
  t.notMatch(client.text, /<1>/)
  gates[1]?.open()
  await client.until(/<1>\r\n0\r\n\r\n$/)
  client.write(request())
  t.match(await client.all(), /HTTP\/1.1 200 OK[\s\S]*HTTP\/1.1 200 OK/, 'the connection serves again')
  t.same(server.log.errors, [])
})

t.test('a slow reader: the stream is pulled only as fast as the client reads', async t => {
  let pulled = 0
  let cancelled = false
  const server = await serving(t, () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(block)
      },
      cancel() {
        cancelled = true
      },
    })
    return new Response(body)
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
  t.ok((server.sockets[0]?.writableLength ?? 0) < 5 * block.length, 'little is held in memory')
  const stalled = pulled
  client.socket.resume()
  await until('reading makes it go on', () => pulled > stalled + 10)
  client.socket.pause()
  client.socket.destroy()
  await until('the stream is cancelled', () => cancelled)
  t.same(server.log.errors, [])
})

t.test('a slow handler takes no more of a request than it reads', async t => {
  const { passed, open } = gate()
  const total = 20 * 2 ** 20
  let read = 0
  const server = await serving(t, async ({ body }) => {
    for await (const chunk of body ?? []) {
      read += chunk.length
      if (read === chunk.length) await passed
    }
    return new Response(String(read))
  })
  const client = await server.connect()
  client.write(request('POST', [`Content-Length: ${total}`]))
  for (let sent = 0; sent < total; sent += block.length) client.socket.write(block)
  let before = -1
  await until('the server takes no more', () => {
    const taken = server.sockets[0]?.bytesRead ?? 0
    const still = read > 0 && taken === before
    before = taken
    return still
  })
  t.ok(before < 4 * block.length, `${before} taken`)
  open()
  t.match(await client.all(), new RegExp(`\\r\\n\\r\\n${total}$`))
  t.same(server.log.errors, [])
})

t.test('20 MB there and back', async t => {
  const total = 20 * 2 ** 20
  const server = await serving(t, ({ body }) => new Response(body))
  const client = await server.connect()
  client.socket.removeAllListeners('data')
  let received = 0
  client.socket.on('data', text => {
    received += text.length
  })
  client.write(request('POST', [`Content-Length: ${total}`]))
  for (let sent = 0; sent < total; sent += block.length) {
    if (!client.socket.write(block)) await once(client.socket, 'drain')
  }
  await client.ending
  t.ok(received > total)
  t.same(server.log.errors, [])
})

t.test('an endless stream leaves other requests their turn', async t => {
  const server = await serving(t, ({ url }) => {
    if (!url.endsWith('/endless')) return new Response('quick')
    return new Response(new ReadableStream({ pull: controller => controller.enqueue(block) }))
  })
  const glutton = await server.connect()
  glutton.socket.removeAllListeners('data').resume()
  glutton.write('GET /endless HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('it runs', () => glutton.socket.bytesRead > 1_000_000)
  t.match(await server.exchange(request()), /quick$/)
  glutton.socket.destroy()
})

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
  t.test('is aborted from the start where it is asked for too late', async t => {
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

t.test('a stream that fails after the head', async t => {
  for (const version of ['1.1', '1.0']) {
    const { passed, open } = gate()
    const server = await serving(t, () => {
      const body = new ReadableStream<Uint8Array>({
        start: controller => controller.enqueue(encoder.encode('hello')),
        async pull(controller) {
          await passed
          controller.error(new Error('torn'))
        },
      })
      return new Response(body)
    })
    const client = await server.connect()
    client.write(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`)
    await client.until(/hello/)
    open()
    t.equal(await client.ending, version === '1.0' ? 'reset' : 'closed', 'the client can tell')
    t.notMatch(client.text, /\r\n0\r\n/)
    await server.logged(/^the application failed after the head of the response: torn$/)
    t.equal(server.log.entries.length, 1)
    t.match(server.log.entries[0]?.facts, { method: 'GET', path: '/' })
  }
})

t.test('cancel() that fails', async t => {
  const server = await serving(t, () => {
    const body = new ReadableStream({
      pull: () => new Promise<void>(() => {}),
      cancel() {
        throw new Error('no cancel')
      },
    })
    return new Response(body)
  })
  const client = await server.connect()
  client.write(request())
  await client.until(/\r\n\r\n$/)
  await leave(server, client)
  await t.resolves(server.logged(/close\(\) of the response body failed: no cancel/))
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

import { once } from 'node:events'
import t from 'tap'
import { until } from '../helpers/until.js'
import { encoder, leave, serving } from './fetch-scene.js'
import { request } from './serve.js'
import { readSlowly } from './slow-reader.js'
import { gate } from './waits.js'

const block = new Uint8Array(64 * 1024).fill(120)

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
  await readSlowly(t, { server, pulled: () => pulled, most: 5 * block.length })
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

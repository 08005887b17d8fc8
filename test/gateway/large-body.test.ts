import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Application, Environ, StartResponse } from '../../lib/gateway/wsgi/types.js'
import { until } from '../helpers/until.js'
import { bodyOf, reading } from './input-scene.js'
import { engine, request, serve } from './serve.js'

t.test('a body beyond the limit', async t => {
  const app = reading(async input => (await input.read()).length)
  const server = await serve(t, app, { limitRequestBody: 10 })
  const chunked = (size: number): string =>
    request('POST', ['Transfer-Encoding: chunked'], `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`)
  t.same(bodyOf(await server.exchange(chunked(10))), 10, 'the limit itself is allowed')
  const got = await server.exchange(chunked(11))
  t.match(got, /^HTTP\/1.1 413 Content Too Large\r\n/)
  t.match(got, /Connection: close/)
  t.same(
    server.log.entries.map(({ level, message }) => [level, message]),
    [['info', 'a request was refused']],
  )

  const streaming = await serve(
    t,
    reading(async input => text(input.stream)),
    { limitRequestBody: 10 },
  )
  t.match(await streaming.exchange(chunked(11)), /^HTTP\/1.1 413 /)
  const handling = await serve(
    t,
    reading(input => input.read().then(String, (error: Error & { status: number }) => [error.name, error.status])),
    { limitRequestBody: 10 },
  )
  t.same(bodyOf(await handling.exchange(chunked(11))), ['BodyTooLarge', 413])
})

t.test('a size beyond the limit is known before its data', async t => {
  // The parser of node:http tells of no sizes.
  const comes = engine.startsWith('native') ? '' : 'x'.repeat(11)
  const sent: string[] = []
  const app = reading(async input => {
    const sizes: (number | string)[] = []
    try {
      for await (const chunk of input) sizes.push(chunk.length)
    } catch (error) {
      sizes.push(String(error))
    }
    sent.push(sizes.join(' '))
    return 'handled'
  })
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
  const server = await serve(t, app, { limitRequestBody: 10 })
  const client = await server.connect()
  client.write(`${head}5\r\nhello\r\n`)
  await server.hasRead(client)
  client.write(`7fffffff\r\n${comes}`)
  t.match(await client.all(), /^HTTP\/1.1 200 OK\r\n.*\r\nConnection: close\r\n.*"handled"$/s)
  t.match(sent, [/^5 BodyTooLarge: .*limitRequestBody/], 'what is within the limit is read')

  const unread = await serve(
    t,
    reading(async () => 'unread'),
    { limitRequestBody: 10 },
  )
  t.equal(bodyOf(await unread.exchange(`${head}7fffffff\r\n${'x'.repeat(20)}`)), 'unread')
})

t.test('an endless body is not taken in faster than it is read', async t => {
  let release: () => void = () => {}
  const wait = new Promise<void>(resolve => {
    release = resolve
  })
  const app = reading(async input => {
    await input.read(10)
    await wait
    return 'done'
  })
  const server = await serve(t, app)
  const client = await server.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n')
  const megabyte = Buffer.alloc(1 << 20)
  while (client.socket.write(megabyte));
  let before = -1
  await until('the kernel takes no more', () => {
    while (client.socket.writableLength < 8 << 20) client.socket.write(megabyte)
    const taken = client.socket.bytesWritten - client.socket.writableLength
    const still = taken === before
    before = taken
    return still
  })
  t.ok((server.sockets[0]?.bytesRead ?? 0) < 1 << 20, 'little is held in memory')
  release()
  await client.until(/"done"$/)
})

t.test('the answer to an upload that goes on arrives, and is not lost in a reset', async t => {
  const apps: Application[] = [
    (_, startResponse) => {
      startResponse('413 Content Too Large', [])
      return ['too large']
    },
    async (environ, startResponse) => {
      await environ['wsgi.input'].read(10)
      startResponse('413 Content Too Large', [])
      return Readable.from(['too ', 'large'])
    },
    () => {
      throw new Error('too large')
    },
  ]
  for (const app of apps) {
    const server = await serve(t, app)
    const client = await server.connect()
    // As clients do that read no answer before they have sent everything.
    client.socket.pause()
    client.write('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 20000000\r\n\r\n')
    await new Promise(resolve => client.socket.write(Buffer.alloc(20_000_000), resolve))
    client.socket.resume()
    const got = await client.all()
    t.match(got, /^HTTP\/1.1 (413|500) /)
    t.match(got, /(too |Internal Server Error$)/)
  }
})

t.test('a client that never ends its upload is cut after a moment', async t => {
  const refusing = (_: Environ, startResponse: StartResponse): string[] => {
    startResponse('403 Forbidden', [])
    return ['no']
  }
  const server = await serve(t, refusing, { bodyTimeout: 500 })
  const client = await server.connect()
  client.socket.allowHalfOpen = true
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n')
  await client.until(/no$/)
  await t.resolves(until('the server lets go', () => server.sockets[0]?.destroyed === true))
})

import t from 'tap'
import type { Application } from '../../lib/gateway/wsgi/types.js'
import { engine, request, serve, socketTest } from './serve.js'

const post = (length: string): string => `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${length}\r\n\r\n`

const reading: Application = async (environ, startResponse) => {
  const body = await environ['wsgi.input'].read()
  startResponse('200 OK', [])
  return [`${body.length} bytes`]
}

const apps = [
  ['wsgi', reading],
  ['fetch', { fetch: async (request: Request) => new Response(`${(await request.text()).length} bytes`) }],
  [
    'node',
    async (req: AsyncIterable<Buffer>, res: { end(text: string): void }) => {
      let size = 0
      for await (const chunk of req) size += chunk.length
      res.end(`${size} bytes`)
    },
  ],
] as const

socketTest(t, 'a body that comes more slowly than minBodyRate is refused, and no other', async t => {
  const tryOut = async ([name, app]: (typeof apps)[number]): Promise<void> => {
    const server = await serve(t, app, { interface: name, bodyTimeout: 1000, minBodyRate: 100 })
    const slow = await server.connect()
    const fast = await server.connect()
    slow.write(post('Content-Length: 1000'))
    fast.write(post('Content-Length: 3000'))
    // Each of these bytes is progress: without a rate the slow client would have 250 s.
    const drip = setInterval(() => slow.write('x'), 250)
    let left = 3000
    const flow = setInterval(() => {
      if (left > 0) fast.write('x'.repeat(100))
      left -= 100
    }, 100)
    t.match(await slow.all(), /^HTTP\/1\.1 408 /, name)
    t.match(await fast.all(), /3000 bytes$/, name)
    clearInterval(drip)
    clearInterval(flow)
    t.same(
      server.log.errors.filter(message => !/client|aborted/.test(message)),
      [],
      name,
    )
  }
  await Promise.all(apps.filter(([name]) => name !== 'node' || engine === 'node').map(tryOut))
})

socketTest(t, 'heads that are not complete have a limit in all: the largest go', async t => {
  const limit = 1 << 20
  const server = await serve(t, reading, { limitRequestHeads: limit })
  const begin = 'GET / HTTP/1.1\r\nHost: a\r\n'
  const field = `X-Field: ${'x'.repeat(8000)}\r\n`
  const modest = await server.connect()
  const greedy = await Promise.all(Array.from({ length: 8 }, () => server.connect()))
  modest.write(begin)
  // One of them is 200 KB, all together 1.6 MB.
  for (const client of greedy) client.write(begin + field.repeat(25))
  const refused = await Promise.race(greedy.map(client => client.all()))
  t.match(refused, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\nConnection: close\r\n/)
  modest.write('Connection: close\r\n\r\n')
  t.match(await modest.all(), /0 bytes$/, 'a modest one is served')
  const open = server.sockets.filter(({ destroyed, writableLength }) => !destroyed && writableLength === 0).length
  t.ok(open >= 4, `no more go than must: ${open} are left`)
  t.match(await server.exchange(request()), /0 bytes$/)
})

socketTest(t, 'what stands before such a head is answered', async t => {
  let answer = (): void => {}
  const late: Application = async (_, startResponse) => {
    await new Promise<void>(resolve => {
      answer = resolve
    })
    startResponse('200 OK', [])
    return ['late']
  }
  const server = await serve(t, late, { limitRequestHeads: 1 << 16 })
  const client = await server.connect()
  client.write(`GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n${'X: 1\r\n'.repeat(20_000)}`)
  setTimeout(() => answer(), 1000)
  t.match(await client.all(), /^HTTP\/1\.1 200 [\s\S]*lateHTTP\/1\.1 431 /)
})

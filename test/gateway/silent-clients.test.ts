import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import type { Application } from '../../lib/gateway/wsgi/types.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'
import { engine, serve, socketTest } from './serve.js'

// Every wait for a client has a limit, which the client cannot renew without progress.

const post = (length: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${length}\r\n\r\n`

const reading: Application = async (environ, startResponse) => {
  const body = await environ['wsgi.input'].read()
  startResponse('200 OK', [])
  return [`${body.length} bytes`]
}

const ignoring: Application = (_, startResponse) => {
  startResponse('200 OK', [])
  return ['answered']
}

socketTest(t, 'a client that is silent within a body', async t => {
  const beginnings = {
    'after some of it': `${post('Content-Length: 5')}h`,
    'before all of it': post('Content-Length: 5'),
    'within a chunk': `${post('Transfer-Encoding: chunked')}5\r\nh`,
    'within the size of a chunk': `${post('Transfer-Encoding: chunked')}5`,
    'between two chunks': `${post('Transfer-Encoding: chunked')}1\r\nh\r\n`,
    'within the trailers': `${post('Transfer-Encoding: chunked')}1\r\nh\r\n0\r\nA: b\r\n`,
    'that it wanted to be asked for': post('Content-Length: 5\r\nExpect: 100-continue'),
  }
  const nodes = {
    reading: (req: AsyncIterable<unknown>) => {
      void (async () => {
        for await (const _ of req);
      })().catch(() => {})
    },
    flowing: (req: { on(name: string, run: () => void): unknown }) => void req.on('data', () => {}),
  }
  const apps = [
    ['wsgi', reading],
    ['fetch', { fetch: async (request: Request) => new Response(await request.text()) }],
    ['node', nodes.reading],
    ['node', nodes.flowing],
  ] as const
  for (const [name, app] of apps) {
    if (name === 'node' && engine !== 'node') continue
    const server = await serve(t, app, { interface: name, bodyTimeout: 100 })
    for (const [what, bytes] of Object.entries(beginnings)) {
      const client = await server.connect()
      client.write(bytes)
      const text = await client.all()
      t.match(text.replace('HTTP/1.1 100 Continue\r\n\r\n', ''), /^HTTP\/1\.1 408 /, `${name}: ${what}`)
    }
    t.same(server.log.errors, [], name)
  }
})

socketTest(t, 'each byte is progress', async t => {
  const server = await serve(t, reading, { bodyTimeout: 1000 })
  const client = await server.connect()
  client.write(post('Content-Length: 30'))
  const drip = setInterval(() => client.write('x'), 100)
  t.match(await client.until(/bytes$/), /30 bytes$/)
  clearInterval(drip)
  client.socket.destroy()
})

socketTest(t, 'a slow client is not forgiven while the application works on what has come', async t => {
  let release: () => void = () => {}
  let taken = 0
  const working: Application = async (environ, startResponse) => {
    for await (const chunk of environ['wsgi.input']) {
      taken += chunk.length
      await new Promise<void>(resolve => {
        release = resolve
      })
    }
    startResponse('200 OK', [])
    return ['done']
  }
  const server = await serve(t, working, { bodyTimeout: 400, minBodyRate: 1000 })
  const client = await server.connect()
  client.write(post('Content-Length: 100'))
  let sent = 0
  while (sent < 40 && client.text === '') {
    client.write('x')
    await until('it was taken', () => taken > sent || client.text !== '')
    client.write('y')
    // For a look or two nothing is wanted of the client, and then for some it is.
    await pause(150)
    release()
    sent += 2
    await until('it was taken', () => taken === sent || client.text !== '')
    release()
    await pause(250)
  }
  t.ok(sent < 40, `refused behind ${sent} bytes`)
  t.match(await client.all(), /^HTTP\/1\.1 408 /)
  t.same(server.log.errors, [])
})

socketTest(t, 'a client that is silent after the answer, but owes the rest of its body', async t => {
  const server = await serve(t, ignoring, { bodyTimeout: 100 })
  const client = await server.connect()
  client.write(`${post('Content-Length: 5')}h`)
  t.match(await client.all(), /answered$/)
})

socketTest(t, 'an application that takes its time with the body is not hurried', async t => {
  const slow: Application = async (environ, startResponse) => {
    await new Promise(resolve => setTimeout(resolve, 600))
    return reading(environ, startResponse)
  }
  const server = await serve(t, slow, { bodyTimeout: 100 })
  const client = await server.connect()
  client.write(`${post('Content-Length: 5\r\nConnection: close')}hello`)
  t.match(await client.all(), /5 bytes$/)
  const waiting = await server.connect()
  waiting.write(post('Content-Length: 5\r\nConnection: close\r\nExpect: 100-continue'))
  await waiting.until(/100 Continue/)
  waiting.write('hello')
  t.match(await waiting.all(), /5 bytes$/, 'nor the client that waits to be asked')
})

socketTest(t, 'blank lines keep no connection', async t => {
  const server = await serve(t, ignoring, { keepAlive: 100 })
  const client = await server.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.until(/answered$/)
  const drip = setInterval(() => client.write('\r\n'), 50)
  t.equal(await client.ending, 'closed')
  t.match(client.text, /answered$/, 'nor are they refused')
  clearInterval(drip)
})

socketTest(t, 'a next request that has begun in time has the time of a head', async t => {
  const server = await serve(t, ignoring, { keepAlive: 100, headerTimeout: 60_000 })
  const client = await server.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.until(/answered$/)
  client.write('GET /')
  setTimeout(() => client.write(' HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), 2500)
  t.match(await client.all(), /answered[\s\S]*answered$/)
})

socketTest(t, 'a client that takes nothing of its answer', async t => {
  const events: string[] = []
  const large: Application = (_, startResponse) => {
    startResponse('200 OK', [])
    return (function* () {
      try {
        for (;;) yield Buffer.alloc(1 << 20)
      } finally {
        events.push('finally')
      }
    })()
  }
  const server = await serve(t, large, { writeTimeout: 200 })
  const end = await server.dial()
  end.pause()
  end.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('the body is closed', () => events.length === 1)
  await until('the connection is closed', () => server.sockets.every(({ destroyed }) => destroyed))
  t.same(server.log.errors, [])
})

socketTest(t, 'a client that is gone', async t => {
  const app: Application = (environ, startResponse) => {
    const { PATH_INFO } = environ
    environ['unicorn.signal'].addEventListener('abort', () => gone.push(PATH_INFO))
    startResponse('200 OK', [])
    return PATH_INFO === '/begun' ? Readable.from(begun()) : new Promise(() => {})
  }
  const gone: string[] = []
  async function* begun(): AsyncGenerator<string> {
    yield 'begun'
    await new Promise(() => {})
  }
  for (const socketPath of [undefined, join(shortDir(t), 's')]) {
    const server = await serve(t, app, socketPath === undefined ? {} : { socketPath })
    const clients = [await server.connect(), await server.connect()]
    for (const [i, path] of ['/waits', '/begun'].entries()) clients[i]?.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    await clients[1]?.until(/begun/)
    for (const { socket } of clients) socket.destroy()
    await until('the application is told', () => gone.length === 2)
    t.same(gone.splice(0).sort(), ['/begun', '/waits'])
    t.same(server.log.errors, [])
  }
})

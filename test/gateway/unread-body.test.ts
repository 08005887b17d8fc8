import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Application, Environ } from '../../lib/gateway/wsgi/types.js'
import { until } from '../helpers/until.js'
import { bodyOf, reading } from './input-scene.js'
import { request, serve } from './serve.js'

t.test('100 Continue goes out at the first read only', async t => {
  let read: () => void = () => {}
  const wanted = new Promise<void>(resolve => {
    read = resolve
  })
  const server = await serve(
    t,
    reading(async input => {
      await wanted
      return String(await input.read())
    }),
  )
  const client = await server.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
  await until('the request is there', () => server.exchanges.length === 1)
  t.equal(client.text, '')
  read()
  await client.until(/^HTTP\/1.1 100 Continue\r\n\r\n$/)
  client.write('hello')
  await client.until(/"hello"$/)
  t.match(client.text, 'Connection: keep-alive')
  t.equal(client.text.match(/100 Continue/g)?.length, 1)
})

t.test('the stream sends 100 Continue too', async t => {
  const server = await serve(
    t,
    reading(async input => text(input.stream)),
  )
  const client = await server.connect()
  client.write(request('POST', ['Expect: 100-continue', 'Content-Length: 5']))
  await client.until(/100 Continue\r\n\r\n/)
  client.write('hello')
  t.same(bodyOf(await client.all()), 'hello')
})

t.test('an answer without a read closes the connection of a client that waits to send', async t => {
  const server = await serve(t, (_: unknown, start: (...args: unknown[]) => unknown) => {
    start('403 Forbidden', [])
    return ['no']
  })
  const client = await server.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
  const got = await client.all()
  t.notMatch(got, /100 Continue/)
  t.match(got, /Connection: close/)
})

t.test('an answer without a read', async t => {
  const paths: string[] = []
  const server = await serve(t, ({ PATH_INFO }: Environ, start: (...args: unknown[]) => unknown) => {
    paths.push(PATH_INFO)
    start('200 OK', [])
    return ['ok']
  })
  await t.test('keeps the connection if the body is small', async t => {
    const client = await server.connect()
    client.write('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 250000\r\n\r\n')
    await client.until(/ok$/)
    client.write(`${'GET /no HTTP/1.1\r\n\r\n'.padEnd(250000, ' ')}${request()}`)
    t.equal((await client.all()).match(/200 OK/g)?.length, 2)
    t.same(paths.splice(0), ['/1', '/'])
  })
  await t.test('closes it if it is large, or its size unknown', async t => {
    for (const field of ['Content-Length: 100000000', 'Transfer-Encoding: chunked']) {
      const client = await server.connect()
      client.write(`POST /1 HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`)
      t.match(await client.all(), /Connection: close\r\n[\s\S]*ok$/)
    }
    t.same(paths.splice(0), ['/1', '/1'])
  })
})

t.test('a body that was read in part', async t => {
  const app: Application = async (environ, startResponse) => {
    await environ['wsgi.input'].read(3)
    startResponse('200 OK', [])
    return ['ok']
  }
  const server = await serve(t, app)
  await t.test('is read away if the rest is small', async t => {
    const client = await server.connect()
    client.write(`POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 250000\r\n\r\n${'x'.repeat(20000)}`)
    await client.until(/ok$/)
    client.write(`${'x'.repeat(230000)}${request('POST', ['Content-Length: 3'], 'abc')}`)
    t.equal((await client.all()).match(/200 OK/g)?.length, 2)
  })
  await t.test('closes the connection if the rest is large', async t => {
    const client = await server.connect()
    client.write('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nabcdef')
    t.match(await client.all(), /Connection: close\r\n[\s\S]*ok$/)
  })
})

t.test('a read that is left pending does not hold the connection', async t => {
  const outcomes: string[] = []
  const app: Application = (environ, startResponse) => {
    environ['wsgi.input'].read().then(
      () => outcomes.push('read'),
      (error: Error) => outcomes.push(error.message),
    )
    startResponse('200 OK', [])
    return ['ok']
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 250000\r\n\r\nabc')
  await client.until(/ok$/)
  await until('the read ended', () => outcomes.length === 1)
  t.match(outcomes, [/after the response had ended/])
  client.write(`${'x'.repeat(249997)}${request()}`)
  t.equal((await client.all()).match(/200 OK/g)?.length, 2)
})

t.test('a malformed rest of a body, behind the whole answer, ends the connection', async t => {
  const paths: string[] = []
  const app: Application = async (environ, startResponse) => {
    paths.push(environ.PATH_INFO)
    await environ['wsgi.input'].read(3)
    startResponse('200 OK', [])
    return new Set(['a', 'b'])
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write('POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
  await client.until(/0\r\n\r\n$/)
  client.write(`nonsense\r\n${request()}`)
  t.notMatch((await client.all()).slice(1), /HTTP\/1\.1 200/)
  t.same(paths, ['/1'])
})

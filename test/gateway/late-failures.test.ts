import t from 'tap'
import type { Application, StartResponse } from '../../lib/gateway/wsgi/types.js'
import { request, serve } from './serve.js'

const late: Record<string, Application> = {
  'a generator throws': function* (_, startResponse) {
    startResponse('200 OK', [])
    yield 'hello'
    throw new Error('too late')
  },
  'an async generator throws': async function* (_, startResponse) {
    startResponse('200 OK', [])
    yield 'hello'
    throw new Error('too late')
  },
  'throws after write()': (_, startResponse) => {
    startResponse('200 OK', [])('hello')
    throw new Error('too late')
  },
  'starts again with the error': (_, startResponse) => {
    startResponse('200 OK', [])('hello')
    startResponse('500 No', [], new Error('too late'))
    return []
  },
}

for (const [what, app] of Object.entries(late)) {
  t.test(`after the head, ${what}: the connection is cut`, async t => {
    const server = await serve(t, app)
    const got = await server.exchange(request())
    t.notMatch(got, /0\r\n\r\n$/, 'no end of the body')
    t.notMatch(got, /500/)
    t.match(server.log.errors, [/after the head of the response: too late/])
  })

  t.test(`${what}, on HTTP/1.0: the connection is reset, since its end would be that of the body`, async t => {
    const server = await serve(t, app)
    const client = await server.connect()
    client.write('GET / HTTP/1.0\r\n\r\n')
    t.equal(await client.ending, 'reset')
    t.match(server.log.errors, [/too late/])
  })
}

t.test('yields a number after the head: cut, and the generator is ended', async t => {
  const ended: string[] = []
  const server = await serve(t, function* (_: unknown, startResponse: StartResponse) {
    startResponse('200 OK', [])
    try {
      yield 'hello'
      yield 5
    } finally {
      ended.push('finally')
    }
  })
  t.notMatch(await server.exchange(request()), /0\r\n\r\n$/)
  t.match(server.log.errors, [/yielded a number/])
  t.same(ended, ['finally'])
})

t.test('a short body and a pipelined request: the second response is never sent', async t => {
  const paths: unknown[] = []
  const app: Application = function* ({ PATH_INFO }, startResponse) {
    paths.push(PATH_INFO)
    startResponse('200 OK', [['Content-Length', '50']])
    yield 'hello'
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.ending
  t.equal(client.text.match(/HTTP\/1.1/g)?.length, 1)
  t.match(client.text, /hello$/)
  t.same(paths, ['/1'])
})

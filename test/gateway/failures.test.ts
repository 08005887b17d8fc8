import t from 'tap'
import type { Application } from '../../lib/gateway/wsgi/types.js'
import { until } from '../helpers/until.js'
import { plain, request, serve } from './serve.js'

const page =
  'HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 21\r\n\r\nInternal Server Error'

/** What an untyped application may do; the types would not let it. */
type Anything = (environ: unknown, startResponse: (...args: unknown[]) => (chunk: unknown) => void) => unknown

function returning(body: unknown): Anything {
  return (_, startResponse) => {
    startResponse('200 OK', [])
    return body
  }
}

function starting(...args: unknown[]): Anything {
  return (_, startResponse) => {
    startResponse(...args)
    return []
  }
}

const broken: Record<string, { app: Anything; logs: RegExp }> = {
  'throws at once': { app: () => JSON.parse('{'), logs: /JSON/ },
  'throws what is no error': {
    app: () => {
      throw 'a string'
    },
    logs: /a string/,
  },
  rejects: { app: () => Promise.reject(new Error('no database')), logs: /no database/ },
  'throws after startResponse': {
    app: (_, startResponse) => {
      startResponse('200 OK', [['Content-Length', '5']])
      throw new Error('second thoughts')
    },
    logs: /second thoughts/,
  },
  'never starts': { app: () => ['hello'], logs: /did not call startResponse/ },
  'never starts, in a generator': {
    app: function* () {
      yield 'hello'
    },
    logs: /did not call startResponse/,
  },
  'never starts, with an empty body': { app: () => [], logs: /did not call startResponse/ },
  'starts twice': {
    app: (_, startResponse) => {
      startResponse('200 OK', [])
      startResponse('200 OK', [])
      return []
    },
    logs: /called twice/,
  },
  'returns undefined': { app: returning(undefined), logs: /returned undefined/ },
  'returns null': { app: returning(null), logs: /returned null/ },
  'returns a number': { app: returning(5), logs: /returned a number/ },
  'returns a plain object': { app: returning({ a: 1 }), logs: /returned an object of class Object/ },
  'returns a function': { app: returning(() => 'x'), logs: /returned a function/ },
  'resolves to undefined': {
    app: async (_, startResponse) => void startResponse('200 OK', []),
    logs: /returned undefined/,
  },
  'a list with a number': { app: returning(['a', 5]), logs: /the body has a number/ },
  'a list with a hole': { app: returning(Array(1)), logs: /the body has undefined/ },
  'a generator that yields undefined': {
    app: returning(
      (function* () {
        yield undefined
      })(),
    ),
    logs: /yielded undefined/,
  },
  'a list of promises': { app: returning([Promise.resolve('x')]), logs: /the body has an object of class Promise/ },
  'a generator that throws first': {
    // biome-ignore lint/correctness/useYield: it does not come to that
    app: async function* (_, startResponse) {
      startResponse('200 OK', [])
      throw new Error('not even one')
    },
    logs: /not even one/,
  },
  'an iterator without next': { app: returning({ [Symbol.iterator]: () => ({}) }), logs: /broken iterator/ },
  'an iterator that is none': { app: returning({ [Symbol.iterator]: () => 5 }), logs: /broken iterator/ },
  'an iterator that gives no result': {
    app: returning({ [Symbol.iterator]: () => ({ next: () => 'x' }) }),
    logs: /iterator of the body gave a string/,
  },
  'an iterable that throws': {
    app: returning({
      [Symbol.iterator]: () => {
        throw new Error('no iterator today')
      },
    }),
    logs: /no iterator today/,
  },
  'write() of a number': {
    app: (_, startResponse) => {
      startResponse('200 OK', [])(5)
      return []
    },
    logs: /write\(\) was given a number/,
  },
  'no status': { app: starting(), logs: /illegal status of type undefined/ },
  'a number as status': { app: starting(200, []), logs: /illegal status of type number/ },
  'a status without reason': { app: starting('200', []), logs: /illegal status "200"/ },
  'an interim status': { app: starting('100 Continue', []), logs: /illegal status/ },
  'switching protocols': { app: starting('101 Switching Protocols', []), logs: /illegal status/ },
  'status 600': { app: starting('600 Far', []), logs: /illegal status/ },
  'status 2000': { app: starting('2000 OK', []), logs: /illegal status/ },
  'a line break in the reason': { app: starting('200 OK\r\nX-Evil: 1', []), logs: /illegal status/ },
  'a reason above latin-1': { app: starting('200 \u20ac', []), logs: /illegal status/ },
  'no headers': { app: starting('200 OK'), logs: /illegal headers/ },
  'an object as headers': { app: starting('200 OK', { a: 'b' }), logs: /illegal headers/ },
  'a header that is no pair': { app: starting('200 OK', [['a']]), logs: /illegal header at index 0/ },
  'a string as header': { app: starting('200 OK', ['ab']), logs: /illegal header at index 0/ },
  'an empty name': { app: starting('200 OK', [['', 'x']]), logs: /illegal header name/ },
  'a name with a space': { app: starting('200 OK', [['a b', 'x']]), logs: /illegal header name "a b"/ },
  'a name with a colon': { app: starting('200 OK', [['a:', 'x']]), logs: /illegal header name/ },
  'a name that is no string': { app: starting('200 OK', [[1, 'x']]), logs: /illegal header name of type number/ },
  'a line break in a value': { app: starting('200 OK', [['a', 'x\r\nb: c']]), logs: /illegal value of header a/ },
  'a NUL in a value': { app: starting('200 OK', [['a', 'x\0']]), logs: /illegal value of header a/ },
  'a value above latin-1': { app: starting('200 OK', [['a', '\u20ac']]), logs: /illegal value of header a/ },
  'a number as value': {
    app: starting('200 OK', [['Content-Length', 5]]),
    logs: /Content-Length: it is of type number/,
  },
  'a negative length': { app: starting('200 OK', [['Content-Length', '-5']]), logs: /illegal Content-Length "-5"/ },
  'a hexadecimal length': { app: starting('200 OK', [['Content-Length', '0x5']]), logs: /illegal Content-Length/ },
  'an empty length': { app: starting('200 OK', [['Content-Length', '']]), logs: /illegal Content-Length/ },
  'two lengths': {
    app: starting('200 OK', [
      ['Content-Length', '0'],
      ['content-length', '0'],
    ]),
    logs: /two Content-Length/,
  },
}

for (const [what, { app, logs }] of Object.entries(broken)) {
  t.test(`${what}: 500`, async t => {
    const server = await serve(t, app)
    t.equal(plain(await server.exchange(request())), page)
    t.equal(server.log.errors.length, 1, 'logged once')
    t.match(server.log.errors[0], logs)
    const { err, ...facts } = server.log.entries[0]?.facts ?? {}
    t.ok(err instanceof Error)
    t.same(facts, { method: 'GET', path: '/', remote: '127.0.0.1' })
  })
}

t.test('the connection outlives a 500', async t => {
  const server = await serve(t, broken['throws at once']?.app)
  const client = await server.connect()
  client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.until(/Internal Server Error$/)
  client.write(request())
  t.equal((await client.all()).match(/HTTP\/1.1 500/g)?.length, 2)
})

t.test('close() that throws or rejects is logged, and the response stands', async t => {
  const closes = [
    () => {
      throw new Error('stuck')
    },
    () => Promise.reject(new Error('stuck')),
  ]
  for (const close of closes) {
    const server = await serve(t, returning(Object.assign(['hello'], { close })))
    t.match(await server.exchange(request()), /5\r\nhello\r\n0\r\n\r\n$/)
    t.match(server.log.errors, [/close\(\) of the response body failed: stuck/])
  }
})

t.test('what cannot be iterated is closed all the same', async t => {
  const { proxy: revoked, revoke } = Proxy.revocable({}, {})
  revoke()
  const iterators: Record<string, unknown> = {
    none: undefined,
    'no function': 5,
    'gives no object': () => 5,
    'gives nothing to call': () => ({}),
    throws: () => {
      throw new Error('planned')
    },
    'has a broken next': () => ({ next: () => 5 }),
    'is unusable': () => revoked,
  }
  for (const [name, iterator] of Object.entries(iterators)) {
    let closed = 0
    const server = await serve(t, returning({ [Symbol.iterator]: iterator, close: () => closed++ }))
    t.equal(plain(await server.exchange(request())), page, name)
    t.equal(closed, 1, name)
    t.equal(server.log.errors.length, 1, name)
  }
})

t.test('a thenable that calls back more than once has answered once', async t => {
  const thenable = {
    // biome-ignore lint/suspicious/noThenProperty: what it is about
    then(resolve: (body: unknown) => void, reject: (error: unknown) => void) {
      resolve('first')
      resolve(['second'])
      reject(new Error('third'))
    },
  }
  const server = await serve(t, returning(thenable))
  t.match(await server.exchange(request()), /\r\n\r\nfirst$/)
  t.same(server.log.entries, [])
})

t.test('write() after the end is logged, and nothing is sent', async t => {
  let write: (chunk: unknown) => void = () => {}
  const app: Anything = (_, startResponse) => {
    write = startResponse('200 OK', [])
    return ['hello']
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.until(/hello$/)
  write('more')
  t.match(server.log.errors, [/write\(\) was called after the response had ended/])
  client.write(request())
  t.equal((await client.all()).split('hello').length, 3)
  t.notMatch(client.text, 'more')
})

t.test('a function that is a (req, res) handler gets a hint, under auto only', async t => {
  const handlers: ((req: { url: string }, res: { end(text: string): void }) => unknown)[] = [
    (_, res) => res.end('hello'),
    () => {},
    async () => {},
  ]
  for (const handler of handlers) {
    const server = await serve(t, handler, { interface: 'auto' })
    t.equal(plain(await server.exchange(request())), page)
    t.match(server.log.errors, [/--interface node/])
    const sure = await serve(t, handler, { interface: 'wsgi' })
    await sure.exchange(request())
    t.notMatch(sure.log.errors, [/--interface node/])
  }
  const server = await serve(t, broken['throws after startResponse']?.app, { interface: 'auto' })
  await server.exchange(request())
  t.notMatch(server.log.errors, [/--interface node/])
})

t.test(
  'a function that nothing was said of is called by a guess: the log says so, until it has shown what it is',
  async t => {
    const others: ((...args: never[]) => unknown)[] = [
      (request: Request) => new URL(request.url).pathname,
      (_req: object, _res: object, next: { call(): void }) => next.call(),
      () => () => [],
    ]
    for (const other of others) {
      const server = await serve(t, other, { interface: 'auto' })
      t.equal(plain(await server.exchange(request())), page)
      t.match(server.log.errors, [/a guess: .*--interface node.*--interface fetch.*FILE:EXPORT\(\)/])
    }
    const application: Application = (environ, startResponse) => {
      if (environ.PATH_INFO === '/fails') throw new TypeError('on purpose')
      startResponse('200 OK', [])
      return []
    }
    const server = await serve(t, application, { interface: 'auto' })
    await server.exchange(request())
    t.equal(plain(await server.exchange('GET /fails HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')), page)
    t.notMatch(server.log.errors, [/a guess/])
  },
)

t.test('a failing application that never lets the client see details', async t => {
  const server = await serve(t, () => Promise.reject(new Error('password=123')))
  t.notMatch(await server.exchange(request()), /123/)
  await until('it is logged', () => server.log.errors.length === 1)
})

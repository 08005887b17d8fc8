import { AssertionError } from 'node:assert'
import { Readable } from 'node:stream'
import t from 'tap'
import type { Application, Environ, Headers, WsgiBody } from '../../lib/gateway/wsgi/types.js'
import { validator } from '../../lib/gateway/wsgi/validator.js'
import { request, serve } from './serve.js'

const text: Headers = [['Content-Type', 'text/plain']]

/** An untyped application, which may do anything. */
type Anything = (environ: Environ, startResponse: (...args: unknown[]) => (...chunks: unknown[]) => void) => unknown

/** At the boundary between what the types allow and what an application may do all the same. */
function untyped(application: Anything): Application {
  return application as Application
}

const good: Record<string, Application> = {
  list: (_, startResponse) => {
    startResponse('200 OK', [...text, ['Content-Length', '5']])
    return ['he', Buffer.from('llo')]
  },
  string: (_, startResponse) => {
    startResponse('200 OK', text)
    return 'hello'
  },
  'a promise of a generator': async (_, startResponse) => {
    startResponse('200 OK', text)
    return (function* () {
      yield 'hel'
      yield 'lo'
    })()
  },
  'a generator that starts': function* (_, startResponse) {
    startResponse('200 OK', text)
    yield 'hello'
  },
  stream: (_, startResponse) => {
    startResponse('200 OK', text)
    return Readable.from(['hel', 'lo'])
  },
  write: (_, startResponse) => {
    startResponse('200 OK', text)('hello')
    return []
  },
  'a second start with its error': (_, startResponse) => {
    startResponse('200 OK', text)
    startResponse('500 Sorry', text, new Error('sorry'))
    return 'hello'
  },
  'reading and logging': async (environ, startResponse) => {
    const input = environ['wsgi.input']
    const parts = [await input.read(1), await input.readline(), ...(await input.readlines())]
    for await (const chunk of input) parts.push(chunk)
    environ['wsgi.errors'].writelines(['read'])
    environ['wsgi.errors'].flush()
    startResponse('200 OK', text)
    return parts
  },
  'no content': (_, startResponse) => {
    startResponse('204 No Content', [])
    return []
  },
}

t.test('good applications on this server pass', async t => {
  for (const [what, application] of Object.entries(good)) {
    const server = await serve(t, validator(application))
    for (const method of ['POST', 'HEAD']) {
      const got = await server.exchange(request(method, ['Content-Length: 6'], 'hel\nlo'))
      t.match(got, /^HTTP\/1.1 (200 OK|204 No Content|500 Sorry)\r\n/, `${what} ${method}`)
    }
    t.same(
      server.log.errors.filter(message => message !== 'read'),
      [],
      what,
    )
  }
})

function starting(...args: unknown[]): Anything {
  return (_, startResponse) => {
    startResponse(...args)
    return []
  }
}

function returning(body: unknown, headers: Headers = text): Anything {
  return (_, startResponse) => {
    startResponse('200 OK', headers)
    return body
  }
}

const bad: Record<string, [app: Anything, breach: RegExp]> = {
  'no arguments': [starting(), /startResponse is called with 0 arguments/],
  'too many': [starting('200 OK', text, null, 1), /with 4 arguments/],
  status: [starting('200', text), /illegal status/],
  headers: [starting('200 OK', {}), /headers are \[object Object\]/],
  header: [starting('200 OK', [['a']]), /a header is \[object Array\]/],
  name: [starting('200 OK', [['a b', '']]), /illegal header name/],
  value: [starting('200 OK', [['a', '\n']]), /illegal value/],
  length: [starting('200 OK', [['Content-Length', 'x']]), /illegal Content-Length/],
  'hop by hop': [starting('200 OK', [...text, ['Connection', 'close']]), /Connection is a hop-by-hop header/],
  'two lengths': [
    starting('200 OK', [...text, ['Content-Length', '0'], ['content-length', '0']]),
    /two Content-Length/,
  ],
  'a Status header': [starting('200 OK', [...text, ['Status', '200']]), /named Status/],
  'no Content-Type': [starting('200 OK', []), /no Content-Type/],
  'a Content-Type for nothing': [starting('204 No Content', text), /but no content/],
  'not started': [() => ['x'], /before startResponse was called/],
  'not started, empty': [() => [], /startResponse was not called/],
  'started twice': [
    (_, startResponse) => {
      startResponse('200 OK', text)
      return starting('200 OK', text)(_, startResponse)
    },
    /called twice/,
  ],
  'returns nothing': [returning(undefined), /returned \[object Undefined\]/],
  'returns no iterable': [returning({}), /wsgi: the application returned an object of class Object: wanted a string/],
  'a number': [returning([1]), /the body has \[object Number\]/],
  'yields a number': [returning(new Set([1])), /the body yielded \[object Number\]/],
  'too short': [returning(['x'], [...text, ['Content-Length', '2']]), /body has 1 bytes, its Content-Length says 2/],
  'too long, by iteration': [returning(new Set(['xyz']), [...text, ['Content-Length', '2']]), /3 bytes|longer than/],
  'write of a number': [(_, startResponse) => startResponse('200 OK', text)(5), /write\(\) was given/],
  'write of two': [(_, startResponse) => startResponse('200 OK', text)('a', 'b'), /write\(\) is called with 2/],
  'errors.write of a number': [environ => environ['wsgi.errors'].write(JSON.parse('5')), /wsgi.errors.write was given/],
  'reads a half byte': [environ => environ['wsgi.input'].read(0.5), /was given \[object Number\], wanted a whole/],
}

t.test('breaches of the application are named', async t => {
  for (const [what, [app, breach]] of Object.entries(bad)) {
    const server = await serve(t, validator(untyped(app)))
    await server.exchange(request())
    await t.resolves(server.logged(breach), what)
  }
})

t.test('reading and writing after the end', async t => {
  let after: () => Promise<unknown> = async () => {}
  const server = await serve(
    t,
    validator((environ, startResponse) => {
      const write = startResponse('200 OK', text)
      after = async () => {
        t.throws(() => write('x'), /write\(\) is called after the response had ended/)
        await t.rejects(environ['wsgi.input'].read(), /after the response had ended/)
        t.throws(() => environ['wsgi.input'].stream, /after the response had ended/)
      }
      return ['hello']
    }),
  )
  await server.exchange(request())
  await after()
})

/** A correct environ, from a real request. */
async function realEnviron(): Promise<Environ> {
  const environs: Environ[] = []
  const server = await serve(t, (environ: Environ, startResponse: (...args: unknown[]) => void) => {
    environs.push({ ...environ })
    startResponse('200 OK', [])
    return ''
  })
  await server.exchange(request())
  const [environ] = environs
  if (environ === undefined) throw new Error('no request came')
  return environ
}

t.test('breaches of the server are named', async t => {
  const environ = await realEnviron()
  const ok: Application = (_, startResponse) => {
    startResponse('200 OK', text)
    return ['x']
  }
  const start = () => () => {}
  const call = (...args: unknown[]): unknown => Reflect.apply(validator(ok), undefined, args)
  t.doesNotThrow(() => call({ ...environ }, start))
  t.throws(() => validator(JSON.parse('5')), /the application is \[object Number\]/)
  t.throws(() => call(environ), /called with 1 arguments/)
  t.throws(() => call(environ, 5), /startResponse is \[object Number\]/)
  t.throws(() => call({ ...environ }, () => 5), /wanted the function write/)
  t.throws(() => call(null, start), /environ is \[object Null\]/)
  t.throws(() => call(Object.create(environ), start), /no plain object/)
  const wrong: Record<string, unknown> = {
    REQUEST_METHOD: 'G T',
    SCRIPT_NAME: '/app/',
    PATH_INFO: 'x',
    QUERY_STRING: undefined,
    CONTENT_LENGTH: '-1',
    SERVER_NAME: '',
    SERVER_PORT: 'http',
    HTTP_HOST: 5,
    HTTP_CONTENT_TYPE: 'text/plain',
    'wsgi.version': [1],
    'wsgi.url_scheme': 'ftp',
    'wsgi.input': null,
    'wsgi.errors': {},
    'wsgi.run_once': 0,
    'wsgi.file_wrapper': null,
    'unicorn.signal': {},
  }
  for (const [name, value] of Object.entries(wrong)) {
    t.throws(() => call({ ...environ, [name]: value }, start), { name: 'AssertionError', code: 'ERR_ASSERTION' }, name)
  }
  t.throws(() => call({ ...environ, PATH_INFO: '' }, start), /both empty/)
})

t.test('a server that mistreats the body', async t => {
  const environ = await realEnviron()
  const body = (): WsgiBody | PromiseLike<WsgiBody> =>
    validator((_, startResponse) => {
      startResponse('200 OK', text)
      return new Set(['x'])
    })({ ...environ }, () => () => {})
  const iterate = (value: unknown): AsyncIterator<unknown> =>
    Reflect.apply(Reflect.get(Object(value), Symbol.asyncIterator), value, [])
  const close = (value: unknown): Promise<void> => Reflect.get(Object(value), 'close').call(value)
  const twice = body()
  iterate(twice)
  t.throws(() => iterate(twice), AssertionError)
  const closed = body()
  const iterator = iterate(closed)
  await close(closed)
  await t.rejects(iterator.next(), /after it was closed/)
  await t.rejects(close(closed), /closed twice/)
  const ended = iterate(body())
  await ended.next()
  await ended.next()
  await t.rejects(ended.next(), /after its end/)
})

import t from 'tap'
import type { Application, Headers } from '../../lib/gateway/wsgi/types.js'
import type { Exchange } from '../../lib/http/exchange.js'
import { parseResponse } from './fuzz/response-parser.js'
import { plain, request, serve } from './serve.js'

const text: Headers = [['Content-Type', 'text/plain']]

interface Case {
  readonly what: string
  readonly app: Application
  readonly wire: string
  readonly method?: string
  /** Of the error that is logged; without it nothing may be logged. */
  readonly logs?: RegExp
}

function answering(status: string, headers: Headers, body: ReturnType<Application>): Application {
  return (_, startResponse) => {
    startResponse(status, headers)
    return body
  }
}

function* pieces(...chunks: (string | Uint8Array)[]): Generator<string | Uint8Array> {
  yield* chunks
}

async function* late(...chunks: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* chunks
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
const whole = `${ok}Content-Length: 5\r\n\r\nhello`
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`

const cases: Case[] = [
  { what: 'a list of one chunk', app: answering('200 OK', text, ['hello']), wire: whole },
  { what: 'a list of several', app: answering('200 OK', text, ['he', Buffer.from('ll'), 'o']), wire: whole },
  { what: 'a string', app: answering('200 OK', text, 'hello'), wire: whole },
  { what: 'bytes', app: answering('200 OK', text, new Uint8Array([104, 101, 108, 108, 111])), wire: whole },
  { what: 'a promise of a list', app: answering('200 OK', text, Promise.resolve(['hello'])), wire: whole },
  { what: 'an empty list', app: answering('200 OK', text, []), wire: `${ok}Content-Length: 0\r\n\r\n` },
  { what: 'a list of nothing', app: answering('200 OK', text, ['']), wire: `${ok}Content-Length: 0\r\n\r\n` },
  { what: 'an empty generator', app: answering('200 OK', text, pieces()), wire: `${ok}Content-Length: 0\r\n\r\n` },
  {
    what: 'text that is no ASCII',
    app: answering('200 OK', text, ['é€']),
    wire: `${ok}Content-Length: 5\r\n\r\n\xc3\xa9\xe2\x82\xac`,
  },
  {
    what: 'latin-1 in head and text in the body',
    app: answering('200 OK', [['X-Name', 'Ren\xe9']], 'é'),
    wire: 'HTTP/1.1 200 OK\r\nX-Name: Ren\xe9\r\nContent-Length: 2\r\n\r\n\xc3\xa9',
  },
  {
    what: 'latin-1 in the head of a body with a length, in chunks',
    app: answering(
      '200 caf\xe9',
      [
        ['Content-Disposition', 'a; filename="\xe9"'],
        ['Content-Length', '4'],
      ],
      pieces('é', 'é'),
    ),
    wire: 'HTTP/1.1 200 caf\xe9\r\nContent-Disposition: a; filename="\xe9"\r\nContent-Length: 4\r\n\r\n\xc3\xa9\xc3\xa9',
  },
  {
    what: 'a generator',
    app: answering('200 OK', text, pieces('', 'he', '', 'llo')),
    wire: `${chunked}5\r\nhello\r\n0\r\n\r\n`,
  },
  {
    what: 'an async generator',
    app: answering('200 OK', text, late('', 'he', '', 'llo')),
    wire: `${chunked}5\r\nhello\r\n0\r\n\r\n`,
  },
  {
    what: 'a generator with a length',
    app: answering('200 OK', [...text, ['Content-Length', '5']], pieces('he', 'llo')),
    wire: whole,
  },
  {
    what: 'a body longer than its length',
    app: answering('200 OK', [...text, ['Content-Length', '5']], ['hel', 'lo!', 'more']),
    wire: whole,
    logs: /longer than its Content-Length/,
  },
  {
    what: 'a generator longer than its length',
    app: answering('200 OK', [...text, ['content-length', '5']], pieces('hel', 'lo!', 'more')),
    wire: `${ok}content-length: 5\r\n\r\nhello`,
    logs: /longer than its Content-Length/,
  },
  {
    what: 'a character that the length cuts in two',
    app: answering('200 OK', [...text, ['Content-Length', '1']], 'é'),
    wire: `${ok}Content-Length: 1\r\n\r\n\xc3`,
    logs: /longer than its Content-Length/,
  },
  {
    what: 'a list shorter than its length',
    app: answering('200 OK', [...text, ['Content-Length', '9']], ['hello']),
    wire: `${ok}Content-Length: 9\r\n\r\nhello`,
    logs: /shorter than its Content-Length/,
  },
  {
    what: 'a generator shorter than its length',
    app: answering('200 OK', [...text, ['Content-Length', '9']], pieces('hello')),
    wire: `${ok}Content-Length: 9\r\n\r\nhello`,
    logs: /shorter than its Content-Length/,
  },
  {
    what: 'HEAD with a length of the application',
    method: 'HEAD',
    app: answering('200 OK', [...text, ['Content-Length', '77']], ['hello']),
    wire: `${ok}Content-Length: 77\r\n\r\n`,
  },
  {
    what: 'HEAD with a known body',
    method: 'HEAD',
    app: answering('200 OK', text, ['hello']),
    wire: `${ok}Content-Length: 5\r\n\r\n`,
  },
  { what: 'HEAD with a generator', method: 'HEAD', app: answering('200 OK', text, pieces('hello')), wire: `${ok}\r\n` },
  { what: 'HEAD with nothing', method: 'HEAD', app: answering('200 OK', text, []), wire: `${ok}\r\n` },
  { what: '204', app: answering('204 No Content', [], []), wire: 'HTTP/1.1 204 No Content\r\n\r\n' },
  {
    what: '204 with a length and a body',
    app: answering('204 No Content', [['Content-Length', '5']], ['hello']),
    wire: 'HTTP/1.1 204 No Content\r\n\r\n',
    logs: /has no body/,
  },
  {
    what: '204 with a generator',
    app: answering('204 No Content', [], pieces('hello', 'x')),
    wire: 'HTTP/1.1 204 No Content\r\n\r\n',
    logs: /has no body/,
  },
  {
    what: '304 keeps its length',
    app: answering(
      '304 Not Modified',
      [
        ['Content-Length', '5'],
        ['ETag', '"1"'],
      ],
      [],
    ),
    wire: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "1"\r\n\r\n',
  },
  {
    what: '304 with a body',
    app: answering('304 Not Modified', [['ETag', '"1"']], ['hello']),
    wire: 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
    logs: /has no body/,
  },
  {
    what: 'fields that repeat, in their order',
    app: answering(
      '200 OK',
      [
        ['Set-Cookie', 'a=1'],
        ['X-A', '1'],
        ['Set-Cookie', 'b=2'],
        ['x-a', '2'],
      ],
      [],
    ),
    wire: 'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-A: 1\r\nSet-Cookie: b=2\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n',
  },
  {
    what: 'hop-by-hop fields',
    app: answering(
      '200 OK',
      [...text, ['Connection', 'keep-alive'], ['Transfer-Encoding', 'chunked'], ['TRAILER', 'x']],
      ['hello'],
    ),
    wire: whole,
    logs: /hop-by-hop headers are not sent: Connection, Transfer-Encoding, TRAILER/,
  },
  {
    what: 'an empty reason',
    app: answering('299 ', text, []),
    wire: 'HTTP/1.1 299 \r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n',
  },
  {
    what: 'write() and then a list',
    app: (_, startResponse) => {
      const write = startResponse('200 OK', text)
      write('')
      write('he')
      write(Buffer.from('l'))
      return ['lo']
    },
    wire: `${chunked}5\r\nhello\r\n0\r\n\r\n`,
  },
  {
    what: 'write() and then a generator',
    app: (_, startResponse) => {
      startResponse('200 OK', [...text, ['Content-Length', '5']])('he')
      return pieces('llo')
    },
    wire: whole,
  },
  {
    what: 'startResponse by the generator',
    app: function* (_, startResponse) {
      startResponse('200 OK', text)
      yield 'hello'
    },
    wire: `${chunked}5\r\nhello\r\n0\r\n\r\n`,
  },
  {
    what: 'a second start with the error, before the head is out',
    app: (_, startResponse) => {
      startResponse('200 OK', [
        ['X-Lost', 'yes'],
        ['Content-Length', '3'],
      ])
      startResponse('500 Sorry', text, new Error('first try failed'))
      return ['hello']
    },
    wire: 'HTTP/1.1 500 Sorry\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello',
  },
]

/** Chunks as one: how they are cut is up to `node:http`, which joins those of one turn from Node 26 on. */
function oneChunk(response: string): string {
  if (!response.includes('Transfer-Encoding: chunked')) return response
  const parsed = parseResponse(Buffer.from(response, 'latin1'), 'GET', true)
  if (!parsed?.complete) return response
  const { head, body, rest } = parsed
  return `${head}\r\n\r\n${body.length.toString(16)}\r\n${body.toString('latin1')}\r\n0\r\n\r\n${rest.toString('latin1')}`
}

for (const { what, app, wire, method = 'GET', logs } of cases) {
  t.test(what, async t => {
    const server = await serve(t, app)
    const got = await server.exchange(request(method))
    t.equal(oneChunk(plain(got)), wire)
    t.match(got, /\r\nDate: [^\r]+ GMT\r\n/)
    if (logs === undefined) t.same(server.log.entries, [])
    else {
      await server.logged(logs)
      t.equal(server.log.entries.length, 1, 'logged once')
    }
  })
}

t.test('HTTP/1.0 has no chunks, even for a client that claims to know them', async t => {
  const server = await serve(t, (...call: Parameters<Application>) =>
    answering('200 OK', text, late('he', 'llo'))(...call),
  )
  for (const field of ['', 'TE: chunked\r\n', 'Connection: keep-alive\r\n']) {
    const got = await server.exchange(`GET / HTTP/1.0\r\n${field}\r\n`)
    t.equal(plain(got), `${ok}\r\nhello`)
    t.match(got, 'Connection: close')
  }
})

t.test('head and body leave in one write', async t => {
  const server = await serve(t, answering('200 OK', text, ['hello']))
  const client = await server.connect()
  let pieces = 0
  client.socket.on('data', () => pieces++)
  client.write(request())
  await client.all()
  t.equal(pieces, 1)
})

t.test('fields that the engine has set go out too', async t => {
  const before = ({ node }: Exchange): void => {
    node?.res.setHeader('Server', 'unicorn')
    node?.res.setHeader('X-A', 'engine')
  }
  const app = answering(
    '200 OK',
    [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['X-A', 'application'],
    ],
    ['hello'],
  )
  const server = await serve(t, app, { before })
  const got = plain(await server.exchange(request()))
  t.equal(
    got,
    'HTTP/1.1 200 OK\r\nServer: unicorn\r\nX-A: application\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 5\r\n\r\nhello',
  )
})

t.test('a Date of the application stands', async t => {
  const server = await serve(t, answering('200 OK', [['Date', 'Thu, 01 Jan 1970 00:00:00 GMT']], []))
  const got = await server.exchange(request())
  t.same(got.match(/^Date: .*$/gm), ['Date: Thu, 01 Jan 1970 00:00:00 GMT'])
})

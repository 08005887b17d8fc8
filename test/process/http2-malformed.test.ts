import t, { type Test } from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { Http2Client } from '../helpers/http2-client.js'
import * as frames from '../helpers/http2-frames.js'
import { connectHttp2 } from '../helpers/raw-http2.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'

const { block, codeOf, data, ERRORS, headers, literal, TYPES } = frames

const APP = `
export const application = async (environ, start) => {
  for await (const chunk of environ['wsgi.input']);
  start('200 OK', [])
  return [Object.keys(environ).filter(key => key.startsWith('HTTP_X')).join()]
}
`
const own = makeCertificate(shortDir(t), { name: 'localhost' })
const ARGS = ['--certfile', own.cert, '--keyfile', own.key, '--http2', '--interface', 'wsgi']

/** What is sent as stream 1. The answer is a status, or the name of the code by which the stream is reset. */
interface Row {
  readonly what: string
  readonly pieces: readonly Buffer[]
  readonly answer: number | 'protocol'
}

function fields(...pairs: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(pairs.map(([name, value]) => literal(name, value)))
}

const METHOD = [':method', 'GET'] as const
const SCHEME = [':scheme', 'https'] as const
const PATH = [':path', '/'] as const
const AUTHORITY = [':authority', 'localhost'] as const

const sent = (what: string, answer: Row['answer'], ...pairs: readonly (readonly [string, string])[]): Row => {
  return { what, answer, pieces: [headers(1, fields(...pairs))] }
}
const withField = (name: string, value: string, answer: Row['answer']): Row => {
  return sent(`${name}: ${value}`, answer, METHOD, SCHEME, PATH, AUTHORITY, [name, value])
}

const ROWS: readonly Row[] = [
  sent('a good one', 200, METHOD, SCHEME, PATH, AUTHORITY),
  sent('Host in place of :authority', 200, METHOD, SCHEME, PATH, ['host', 'localhost']),
  sent('neither', 'protocol', METHOD, SCHEME, PATH),
  sent('an empty Host', 'protocol', METHOD, SCHEME, PATH, ['host', '']),
  sent('two hosts', 'protocol', METHOD, SCHEME, PATH, ['host', 'a'], ['host', 'a']),
  sent('no method', 'protocol', SCHEME, PATH, AUTHORITY),
  sent('no scheme', 'protocol', METHOD, PATH, AUTHORITY),
  sent('no path', 'protocol', METHOD, SCHEME, AUTHORITY),
  sent('an empty path', 'protocol', METHOD, SCHEME, [':path', ''], AUTHORITY),
  sent('a whole URL as path', 'protocol', METHOD, SCHEME, [':path', 'https://a/'], AUTHORITY),
  sent('a star with GET', 'protocol', METHOD, SCHEME, [':path', '*'], AUTHORITY),
  sent('two paths', 'protocol', METHOD, SCHEME, PATH, PATH, AUTHORITY),
  sent('a pseudo-field behind others', 'protocol', METHOD, SCHEME, AUTHORITY, ['a', 'b'], PATH),
  sent('an unknown pseudo-field', 'protocol', METHOD, SCHEME, PATH, AUTHORITY, [':a', 'b']),
  sent('one of responses', 'protocol', METHOD, SCHEME, PATH, AUTHORITY, [':status', '200']),
  sent('an extended CONNECT', 'protocol', [':method', 'CONNECT'], SCHEME, PATH, AUTHORITY, [':protocol', 'websocket']),
  withField('Upper', 'a', 'protocol'),
  withField('connection', 'close', 'protocol'),
  withField('keep-alive', 'timeout=1', 'protocol'),
  withField('proxy-connection', 'close', 'protocol'),
  withField('transfer-encoding', 'chunked', 'protocol'),
  withField('upgrade', 'websocket', 'protocol'),
  withField('te', 'gzip', 'protocol'),
  withField('te', 'trailers', 200),
  withField('content-length', '5', 'protocol'),
  withField('content-length', '+0', 'protocol'),
  // Left out by nghttp2.
  withField('x b', 'c', 200),
  withField('x-b', 'c\r\nx-c: d', 200),
  withField('x-b', 'c\0', 200),
  withField('x_b', 'c', 200),
  {
    what: 'more of a body than its length',
    answer: 'protocol',
    pieces: [
      headers(1, block({ method: 'POST', fields: [['content-length', '2']] }), { end: false }),
      data(1, 'abc', { end: true }),
    ],
  },
  {
    what: 'less of a body than its length',
    answer: 'protocol',
    pieces: [
      headers(1, block({ method: 'POST', fields: [['content-length', '4']] }), { end: false }),
      data(1, 'abc', { end: true }),
    ],
  },
  {
    what: 'a body with trailers',
    answer: 200,
    pieces: [
      headers(1, block({ method: 'POST' }), { end: false }),
      data(1, 'abc'),
      headers(1, fields(['x-trailer', 'a'])),
    ],
  },
  {
    what: 'trailers with a pseudo-field',
    answer: 'protocol',
    pieces: [headers(1, block({ method: 'POST' }), { end: false }), data(1, 'abc'), headers(1, fields(PATH))],
  },
]

function endsExchange(frame: frames.Frame): boolean {
  return frame.type === TYPES.reset || frames.endsStream(frame)
}

async function answerTo(t: Test, { target }: Server, pieces: readonly Buffer[]): Promise<Row['answer'] | string> {
  if (!('port' in target)) throw new Error('the server has no port')
  const raw = await connectHttp2(t, target)
  raw.write(...pieces)
  // From 22 on Node ends the session for a body that is too long.
  const last = await raw.until(each => each.type === TYPES.goaway || (each.stream === 1 && endsExchange(each)))
  if (last.type === TYPES.goaway) return 'protocol'
  if (last.type === TYPES.reset) return codeOf(last) === ERRORS.protocol ? 'protocol' : `code ${codeOf(last)}`
  const { status, body } = await raw.response(1)
  return body === '' ? status : `${status} with ${body}`
}

t.test('what is malformed', async t => {
  const server = await startServer(t, { app: APP, args: ARGS })
  const client = new Http2Client(t, server)
  const found: string[] = []
  for (const { what, pieces } of ROWS) {
    found.push(`${what} -> ${await answerTo(t, server, pieces)}`)
    const torn = pieces.flatMap(piece => [piece.subarray(0, 11), piece.subarray(11)])
    found.push(`${what}, torn -> ${await answerTo(t, server, torn)}`)
  }
  t.same(
    found,
    ROWS.flatMap(({ what, answer }) => [`${what} -> ${answer}`, `${what}, torn -> ${answer}`]),
  )
  t.match(await client.get('/'), { status: 200 }, 'others are served')
  t.equal(client.sessions, 1)
})

import {
  type Case,
  chunked,
  closed,
  get,
  line,
  post,
  refusedBehind,
  request,
  served,
  takenByNode,
  unfinished,
} from '../case.js'

// What stands behind a request: another one, or what is none (RFC 9112, sections 9.3 and 9.6).

const HELLO = '200 POST / hello'
const A = line('GET /a HTTP/1.1')
const CLOSE = 'Connection: close'

export const pipelines: readonly Case[] = [
  served('three requests', A + A + A, '200 GET /a ', '200 GET /a ', '200 GET /a '),
  served('twenty requests', A.repeat(20), ...Array<string>(20).fill('200 GET /a ')),
  served('requests with bodies', post('Content-Length: 5', 'hello') + chunked('5\r\nhello\r\n0\r\n\r\n'), HELLO, HELLO),
  served('a CRLF behind a body', `${post('Content-Length: 5', 'hello')}\r\n`, HELLO),
  served('a HEAD', line('HEAD /a HTTP/1.1') + A, '200', '200 GET /a '),
  served('a HEAD with a body', `${line('HEAD /a HTTP/1.1', 'Content-Length: 5')}hello`, '200'),
  served('HTTP/1.0 that is kept, and HTTP/1.1', request('GET /a HTTP/1.0', 'Connection: keep-alive') + A, '200', '200'),
]

export const closings: readonly Case[] = [
  ...[
    'close',
    'Close',
    'CLOSE',
    'close, x',
    'x, close',
    'keep-alive, close',
    'close,keep-alive',
    ' close ',
    'close\t',
    'x,\tclose',
  ].map(value => closed(`Connection: ${value}`, get(`Connection: ${value}`))),
  closed('two fields Connection', get('Connection: keep-alive', CLOSE)),
  closed('two fields Connection, in the other order', get(CLOSE, 'Connection: keep-alive')),
  closed('HTTP/1.0', request('GET / HTTP/1.0')),
  closed('HTTP/1.0 with a Host', request('GET / HTTP/1.0', 'Host: a')),
  closed('HTTP/1.0 that is closed', request('GET / HTTP/1.0', CLOSE)),
  closed('HTTP/1.0 that asks for both', request('GET / HTTP/1.0', 'Connection: keep-alive, close')),
  closed('HTTP/1.0 that asks for both, by two fields', request('GET / HTTP/1.0', CLOSE, 'Connection: keep-alive')),
  closed('a body, and close', post([CLOSE, 'Content-Length: 5'], 'hello'), HELLO),
  closed('a chunked body, and close', post([CLOSE, 'Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n'), HELLO),
  closed('garbage behind close', `${post([CLOSE, 'Content-Length: 5'], 'hello')}BAD\r\n\r\n`, HELLO),
  closed('an invalid head behind close', get(CLOSE) + get('X : y')),
  closed('CONNECT behind close', get(CLOSE) + line('CONNECT b:80 HTTP/1.1')),
  closed('an upgrade behind close', get(CLOSE) + get('Connection: Upgrade', 'Upgrade: foo')),
  closed('100 KB behind close', get(CLOSE) + 'x'.repeat(100_000)),
  closed('requests behind HTTP/1.0', request('GET / HTTP/1.0') + A + A),
  closed('a request, and then close', A + get(CLOSE), '200 GET /a ', '200'),
  closed('close, with an upgrade', get('Connection: Upgrade, close', 'Upgrade: foo')),
  served('another option', get('Connection: x-close')),
  served('close, in a field of another name', get('X-Connection: close', 'Connection-X: close')),
  takenByNode(served('close, for a proxy', get('Proxy-Connection: close')), '200'),
  served('close, and a byte that is no blank', get('Connection: close\xa0')),
  served('close, in quotation marks', get('Connection: "close"')),
]

/** What is no request, behind one that is. */
const GARBAGE: readonly (readonly [what: string, bytes: string, status?: string])[] = [
  ['garbage', 'BAD\r\n\r\n'],
  ['bytes', '\x00\xff\x01\r\n\r\n'],
  ['an invalid field', get('X : y')],
  ['no host', request('GET /b HTTP/1.1')],
  ['two hosts', get('Host: b')],
  ['HTTP/0.9', 'GET /b\r\n\r\n'],
  ['a line that ends with LF', 'GET /b HTTP/1.1\nHost: a\r\n\r\n'],
  ['a fold', get('X: y\r\n z')],
  ['an invalid length', post('Content-Length: +5', 'hello')],
  ['a length and chunked', post(['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
  ['an invalid chunk', chunked('x\r\n')],
  ['an unknown coding', post('Transfer-Encoding: foo'), '501'],
  ['an unknown expectation', get('Expect: y'), '417'],
  ['HTTP/2.0', line('GET / HTTP/2.0'), '505'],
  ['CONNECT', line('CONNECT b:80 HTTP/1.1'), '501'],
  ['a line that is too long', line(`GET /${'a'.repeat(8190)} HTTP/1.1`), '414'],
  ['a field that is too large', get(`X: ${'a'.repeat(8190)}`), '431'],
]

export const garbageBehind: readonly Case[] = GARBAGE.flatMap(([what, bytes, status = '400']) => [
  refusedBehind(`${what} behind a GET`, A + bytes, '200 GET /a ', status),
  refusedBehind(`${what} behind a body`, post('Content-Length: 5', 'hello') + bytes, HELLO, status),
  refusedBehind(`${what} behind a chunked body`, chunked('5\r\nhello\r\n0\r\n\r\n') + bytes, HELLO, status),
  refusedBehind(`${what} behind two requests`, A + A + bytes, '200 GET /a ', '200 GET /a ', status),
])

/** Clients that close their sending side. */
export const endings: readonly Case[] = [
  { name: 'an end behind a request', bytes: A, wanted: [['200 GET /a ']], ends: true },
  {
    name: 'an end behind three requests',
    bytes: A + A + A,
    wanted: [Array<string>(3).fill('200 GET /a ')],
    ends: true,
  },
  { name: 'an end behind a body', bytes: post('Content-Length: 5', 'hello'), wanted: [[HELLO]], ends: true },
  unfinished('no bytes', ''),
  unfinished('an empty line', '\r\n'),
  unfinished('an end within the request line', 'GET / HT', 400),
  unfinished('an end within a field', 'GET / HTTP/1.1\r\nHost: a\r\nX', 400),
  unfinished('an end before the last line', 'GET / HTTP/1.1\r\nHost: a\r\n', 400),
  unfinished('an end within a body', post('Content-Length: 5', 'hel'), 400),
  unfinished('an end before a body', post('Content-Length: 5'), 400),
  unfinished('an end before a large body', post('Content-Length: 999999999'), 400, 413),
  {
    name: 'an end within the head behind a request',
    bytes: `${A}GET /b HT`,
    wanted: [['200 GET /a '], ['200 GET /a ', '400']],
    ends: true,
  },
  {
    name: 'an end within the body behind a request',
    bytes: A + post('Content-Length: 5', 'hel'),
    wanted: [['200 GET /a '], ['200 GET /a ', '400']],
    ends: true,
  },
]

import {
  type Case,
  chunked,
  closed,
  get,
  line,
  orClosed,
  post,
  refused,
  refusedBehind,
  request,
  SERVED_BEHIND,
  served,
} from '../case.js'

// What a client expects (RFC 9110, section 10.1.1), and what it offers to upgrade to (section 7.8).

const HELLO = '200 POST / hello'
const expecting = (...expectations: string[]): string =>
  post(['Content-Length: 5', ...expectations.map(value => `Expect: ${value}`)], 'hello')

export const expectations: readonly Case[] = [
  ...['100-continue', '100-Continue', '100-CONTINUE', ' 100-continue '].map(value =>
    served(`Expect: ${value}`, expecting(value), HELLO),
  ),
  served('an empty expectation', expecting(''), HELLO),
  served('an empty expectation without a body', get('Expect:')),
  orClosed(served('100-continue without a body', get('Expect: 100-continue'))),
  served(
    '100-continue with a chunked body',
    post(['Transfer-Encoding: chunked', 'Expect: 100-continue'], '5\r\nhello\r\n0\r\n\r\n'),
    HELLO,
  ),
  orClosed(
    served('100-continue with an empty body', post(['Content-Length: 0', 'Expect: 100-continue']), '200 POST / '),
  ),
  closed(
    '100-continue of HTTP/1.0',
    `${request('POST / HTTP/1.0', 'Content-Length: 5', 'Expect: 100-continue')}hello`,
    HELLO,
  ),
  ...[
    'y',
    '200-ok',
    'y 100-continue',
    '100-continue y',
    '100-continue, y',
    'y, 100-continue',
    '100-continue;q=1',
    '100',
  ].map(value => refused(`Expect: ${value}`, expecting(value), 417)),
  ...[
    '100-continue, 100-continue',
    '100-continue,',
    ', 100-continue',
    '100-continues',
    'x100-continue',
    '\xa0100-continue',
    '100-continue\xa0',
    '"100-continue"',
  ].map(value => refused(`Expect: ${value}`, expecting(value), 417)),
  refused('100-continue twice', expecting('100-continue', '100-continue'), 417),
  refused('100-continue and another', expecting('100-continue', 'y'), 417),
  refused('another and 100-continue', expecting('y', '100-continue'), 417),
  refused('an unknown expectation without a body', get('Expect: y'), 417),
  closed('an unknown expectation of HTTP/1.0', request('GET / HTTP/1.0', 'Expect: y')),
  refused('100-continue and an invalid length', post(['Content-Length: +5', 'Expect: 100-continue'], 'hello')),
  refused(
    '100-continue and no host',
    `${request('POST / HTTP/1.1', 'Content-Length: 5', 'Expect: 100-continue')}hello`,
  ),
  refused('100-continue and an invalid chunk', post(['Transfer-Encoding: chunked', 'Expect: 100-continue'], 'x\r\n')),
]

const offer = (protocol: string, ...others: string[]): string =>
  get('Connection: Upgrade', `Upgrade: ${protocol}`, ...others)
const A = line('GET /a HTTP/1.1')

export const upgrades: readonly Case[] = [
  ...['foo', 'h2c', 'TLS/1.0', 'HTTP/2.0', 'HTTP/3.0, foo', 'foo, h2c', 'IRC/6.9, RTA/x11', ''].map(protocol =>
    served(`an upgrade to ${protocol}`, offer(protocol), '200 GET / '),
  ),
  served(
    'an upgrade to h2c with settings',
    get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'),
  ),
  served('an upgrade without an option of Connection', get('Upgrade: foo')),
  served('an option of Connection without an upgrade', get('Connection: Upgrade')),
  served('an upgrade with a body', post(['Connection: Upgrade', 'Upgrade: foo', 'Content-Length: 5'], 'hello'), HELLO),
  served(
    'an upgrade with a body that looks like a request',
    post(['Connection: Upgrade', 'Upgrade: foo', `Content-Length: ${A.length}`], A),
    `200 POST / ${A}`,
  ),
  served(
    'an upgrade with a chunked body',
    post(['Connection: Upgrade', 'Upgrade: foo', 'Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n'),
    HELLO,
  ),
  served('requests behind an upgrade', offer('foo') + A + A, '200 GET / ', '200 GET /a ', '200 GET /a '),
  served(
    'upgrades behind upgrades',
    offer('foo') + offer('h2c') + offer('foo'),
    '200 GET / ',
    '200 GET / ',
    '200 GET / ',
  ),
  served('a body behind an upgrade', offer('foo') + post('Content-Length: 5', 'hello'), '200', HELLO),
  served('a chunked body behind an upgrade', offer('foo') + chunked('5\r\nhello\r\n0\r\n\r\n'), '200', HELLO),
  served('an upgrade of OPTIONS *', line('OPTIONS * HTTP/1.1', 'Connection: Upgrade', 'Upgrade: h2c')),
  served(
    'an upgrade with 100-continue',
    post(['Connection: Upgrade', 'Upgrade: foo', 'Content-Length: 5', 'Expect: 100-continue'], 'hello'),
    HELLO,
  ),
  closed('an upgrade of HTTP/1.0', request('GET / HTTP/1.0', 'Connection: Upgrade', 'Upgrade: foo')),
  served(
    'an upgrade of HTTP/1.0 that is kept',
    request('GET / HTTP/1.0', 'Connection: keep-alive, Upgrade', 'Upgrade: foo'),
  ),
  refusedBehind('garbage behind an upgrade', `${offer('foo')}BAD\r\n\r\n`, '200 GET / ', '400'),
  {
    ...refusedBehind('the preface of HTTP/2 behind an upgrade', `${offer('h2c')}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`),
    wanted: ['400', '505'].map(status => ['200 GET / ', status]),
  },
  refusedBehind('CONNECT behind an upgrade', offer('foo') + line('CONNECT b:80 HTTP/1.1'), '200 GET / ', '501'),
  refused('an upgrade without a host', request('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: foo')),
  refused('an upgrade with an unknown expectation', offer('foo', 'Expect: y'), 417),
]

/** For applications that take no WebSockets. */
const KEY = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13']

export const webSockets: readonly Case[] = [
  served('a WebSocket', offer('websocket', ...KEY), '200 GET / '),
  served('a request behind a WebSocket', offer('websocket', ...KEY) + A, '200 GET / ', '200 GET /a '),
  served('a WebSocket of another version', offer('websocket', 'Sec-WebSocket-Key: x', 'Sec-WebSocket-Version: 99')),
  served('a WebSocket without a key', offer('websocket')),
  served(
    'a WebSocket by POST',
    post(['Connection: Upgrade', 'Upgrade: websocket', ...KEY, 'Content-Length: 5'], 'hello'),
    HELLO,
  ),
]

/** For those that take them. The one of the tests closes each before it has accepted it. */
export const handshakes: readonly Case[] = [
  refused('a WebSocket that the application does not accept', offer('websocket', ...KEY), 403),
  refused('a WebSocket of another version', offer('websocket', KEY[0] ?? '', 'Sec-WebSocket-Version: 99'), 426),
  refused('a WebSocket of no version', offer('websocket', KEY[0] ?? ''), 426),
  refused('a WebSocket without a key', offer('websocket', KEY[1] ?? '')),
  refused('a WebSocket with a short key', offer('websocket', 'Sec-WebSocket-Key: x', KEY[1] ?? '')),
  refused('a WebSocket by POST', post(['Connection: Upgrade', 'Upgrade: websocket', ...KEY, 'Content-Length: 0']), 405),
  // The offer is declined if the request before it is not answered yet.
  {
    ...refusedBehind('a WebSocket behind a request', A + offer('websocket', ...KEY)),
    wanted: [
      ['200 GET /a ', '200 GET / ', SERVED_BEHIND],
      ['200 GET /a ', '403'],
    ],
  },
]

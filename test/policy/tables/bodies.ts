import {
  type Answers,
  type Case,
  chunked,
  closed,
  line,
  orClosed,
  refusedBehind,
  request,
  SERVED_BEHIND,
  served,
} from '../case.js'

// Answers without a body, and in parts; requests whose body the application does not read; what it sees of trailers.

const TELLING = '200 POST /unread '
const unread = (fields: string | readonly string[], rest: string): string =>
  request('POST /unread HTTP/1.1', 'Host: a', ...[fields].flat()) + rest
const chunks = (rest: string): string => unread('Transfer-Encoding: chunked', rest)

/** The body is broken: it is refused, or answered and closed, and nothing of it is served. */
function broken(name: string, bytes: string): Case {
  const wanted: readonly Answers[] = [['400'], [TELLING], [TELLING, '400'], []]
  return { name: `${name}, unread`, bytes, wanted }
}

export const bodies: readonly Case[] = [
  ...['204', '304', '205'].flatMap(status => [
    served(`a ${status}`, line(`GET /${status} HTTP/1.1`), status),
    served(`a ${status} to a HEAD`, line(`HEAD /${status} HTTP/1.1`), status),
    served(`two times ${status}`, line(`GET /${status} HTTP/1.1`).repeat(2), status, status),
  ]),
  served('a HEAD with a query', line('HEAD /a?b HTTP/1.1'), '200'),
  orClosed(served('a body, unread', unread('Content-Length: 5', 'hello'), TELLING)),
  orClosed(served('a body of 90 KB, unread', unread('Content-Length: 90000', 'x'.repeat(90_000)), TELLING)),
  orClosed(
    served(
      'a body that is a request, unread',
      unread('Content-Length: 27', request('GET / HTTP/1.1', 'Host: a')),
      TELLING,
    ),
  ),
  orClosed(served('a chunked body, unread', chunks('5\r\nhello\r\n0\r\n\r\n'), TELLING)),
  orClosed(served('a chunked body with a trailer, unread', chunks('5\r\nhello\r\n0\r\nX: y\r\n\r\n'), TELLING)),
  orClosed(served('an expected body, unread', unread(['Expect: 100-continue', 'Content-Length: 5'], 'hello'), TELLING)),
  broken('a bad size', chunks('x\r\nhello\r\n0\r\n\r\n')),
  broken('a bad second size', chunks('5\r\nhello\r\nx\r\n')),
  broken('a chunk without an end', chunks('5\r\nhello0\r\n\r\n')),
  broken('a forbidden trailer', chunks('5\r\nhello\r\n0\r\nHost: b\r\n\r\n')),
  broken('LF in chunks', chunks('5\nhello\n0\n\n')),
  {
    name: 'chunks beyond the limit, unread',
    bytes: chunks(`186a1\r\n${'x'.repeat(100_001)}\r\n0\r\n\r\n`),
    // An engine reads a little away to keep a connection.
    wanted: [['413'], [TELLING], [TELLING, SERVED_BEHIND]],
  },
  {
    name: 'garbage behind a body, unread',
    bytes: `${unread('Content-Length: 5', 'hello')}BAD\r\n\r\n`,
    wanted: [[TELLING, '400'], [TELLING]],
  },
  {
    name: 'half a body, unread',
    bytes: unread('Content-Length: 5', 'he'),
    wanted: [[TELLING], [], ['400']],
    ends: true,
  },
  served(
    'a trailer, which is no header field',
    request('POST /fields HTTP/1.1', 'Host: a', 'X-Early: 1', 'Transfer-Encoding: chunked') +
      '5\r\nhello\r\n0\r\nX-Late: 2\r\nX-Early: 3\r\n\r\n',
    '200 POST /fields x-early',
  ),
  { name: 'half a chunk, unread', bytes: chunks('5\r\nhe'), wanted: [[TELLING], [], ['400']], ends: true },
]

const SLOW = '200 GET /slow slowly'
const slow = line('GET /slow HTTP/1.1')

/** Once a request is complete, nothing that its client sends or closes changes the answer to it. */
export const answersInParts: readonly Case[] = [
  served('an answer in parts', slow, SLOW),
  served(
    'a body, and an answer in parts',
    `${line('POST /slow HTTP/1.1', 'Content-Length: 5')}hello`,
    '200 POST /slow helloslowly',
  ),
  served('two answers in parts', slow + slow, SLOW, SLOW),
  served(
    'an upgrade that nothing takes, in parts',
    line('GET /slow HTTP/1.1', 'Connection: Upgrade', 'Upgrade: foo'),
    SLOW,
  ),
  closed('an answer in parts, and close', line('GET /slow HTTP/1.1', 'Connection: close'), SLOW),
  closed('an answer in parts for HTTP/1.0', request('GET /slow HTTP/1.0'), SLOW),
  closed('an answer in parts for HTTP/1.0 that is kept', request('GET /slow HTTP/1.0', 'Connection: keep-alive'), SLOW),
  { name: 'an end behind an answer in parts', bytes: slow, wanted: [[SLOW]], ends: true },
  { name: 'an end behind two answers in parts', bytes: slow + slow, wanted: [[SLOW, SLOW]], ends: true },
  refusedBehind('garbage behind an answer in parts', `${slow}BAD\r\n\r\n`, SLOW, '400'),
  refusedBehind('an invalid head behind an answer in parts', slow + line('GET / HTTP/1.1', 'X : y'), SLOW, '400'),
  refusedBehind('two hosts behind an answer in parts', slow + line('GET / HTTP/1.1', 'Host: b'), SLOW, '400'),
  refusedBehind('a version behind an answer in parts', slow + line('GET / HTTP/2.0'), SLOW, '505'),
  refusedBehind('CONNECT behind an answer in parts', slow + line('CONNECT b:80 HTTP/1.1'), SLOW, '501'),
  refusedBehind('a bad chunk behind an answer in parts', slow + chunked('x\r\n'), SLOW, '400'),
]

import { type Answers, type Case, get, line, post } from '../case.js'

// Clients that stop in the middle, or never come to an end (RFC 9110, section 15.5.9).

const A = line('GET /a HTTP/1.1')
const SERVED = '200 GET /a '

/** The client sends the bytes, and then says no more; or it sends `drip` again and again. */
function late(name: string, bytes: string, answers: Answers, drip = ''): Case {
  return { name, bytes, wanted: [answers], drip }
}

/** A chunk beyond the limit whose data does not come. The parser of the node engine tells of no sizes. */
function hollow(name: string, chunks: string, drip = ''): Case {
  return { ...late(name, post('Transfer-Encoding: chunked', chunks), ['413'], drip), differs: { node: [['408']] } }
}

export const lateClients: readonly Case[] = [
  late('nothing', '', ['408']),
  late('half a request line', 'GET / HT', ['408']),
  late('half a field', 'GET / HTTP/1.1\r\nHost: a\r\nX', ['408']),
  late('a head without its end', 'GET / HTTP/1.1\r\nHost: a\r\n', ['408']),
  late('a field that does not end', 'GET / HTTP/1.1\r\nHost: a\r\nX: ', ['408'], 'x'),
  late('fields that do not end', 'GET / HTTP/1.1\r\nHost: a\r\n', ['408'], 'X: y\r\n'),
  late('a target that does not end', 'GET /', ['408'], 'x'),
  late('no body', post('Content-Length: 5'), ['408']),
  late('half a body', post('Content-Length: 5', 'he'), ['408']),
  late('no chunk', post('Transfer-Encoding: chunked'), ['408']),
  late('half a chunk', post('Transfer-Encoding: chunked', '5\r\nhe'), ['408']),
  late('half a size', post('Transfer-Encoding: chunked', '5'), ['408']),
  late('no last chunk', post('Transfer-Encoding: chunked', '5\r\nhello\r\n'), ['408']),
  late('half a trailer', post('Transfer-Encoding: chunked', '0\r\nX: y'), ['408']),
  hollow('a chunk that is too large by one byte', '186a1\r\n'),
  hollow('a chunk of 2 GB', '7fffffff\r\n'),
  hollow('a chunk of 4 GB behind another', '5\r\nhello\r\nffffffff\r\n'),
  hollow('a size that is too large and comes later', '5\r\nhello\r\n', '7fffffff\r\n'),
  late('a body that is waited for', post(['Content-Length: 5', 'Expect: 100-continue']), ['408']),
  late('half a head behind a request', `${A}GET / HT`, [SERVED, '408']),
  late('half a body behind a request', A + post('Content-Length: 5', 'he'), [SERVED, '408']),
  // An idle connection ends without a word.
  late('nothing behind a request', A, [SERVED]),
  late('nothing behind two requests', A + get(), [SERVED, '200 GET / ']),
  late('empty lines behind a request', A, [SERVED], '\r\n'),
]

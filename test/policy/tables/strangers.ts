import { type Case, closed, get, line, post, refused, refusedBehind, request, SERVED_BEHIND, served } from '../case.js'

// What clients of other protocols send, and bytes that one of two servers in a row might read in another way.

/** The beginning of a ClientHello, with a CR LF in its random bytes. */
const TLS = `\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03${'\x07'.repeat(14)}\r\n${'\x07'.repeat(16)}\x00`
const EVIL = line('GET /evil HTTP/1.1')
const OFFER = get('Connection: Upgrade', 'Upgrade: h2c')
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export const strangers: readonly Case[] = [
  refused('TLS', TLS),
  { ...refused('TLS, of which no line is complete', TLS.slice(0, 11)), drip: '' },
  refused('SSH', 'SSH-2.0-OpenSSH_9.2\r\n'),
  refused('SMTP', 'EHLO a\r\n'),
  refused('Redis', '*1\r\n$4\r\nPING\r\n'),
  refused('FastCGI', '\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00'),
  refused('uwsgi', '\x00\x0f\x00\x00\x0eREQUEST_METHOD\x03\x00GET'),
  refused('AJP', '\x124\x00\x01\x0a'),
  refused('a byte order mark', `\xef\xbb\xbf${get()}`),
  refused('UTF-16', [...get()].map(character => `${character}\x00`).join('')),
  refused('a frame of HTTP/2', '\x00\x00\x12\x04\x00\x00\x00\x00\x00\r\n'),
  {
    ...refusedBehind('the preface of HTTP/2 behind an offer of it', OFFER + PREFACE, '200', '505'),
    differs: { node: [['200', '400']] },
  },
]

export const smuggled: readonly Case[] = [
  ...[
    'Transfer-Encoding\x0b',
    'Transfer-Encoding\xa0',
    'Transfer-Enc\xf6ding',
    'Content\x01-Length',
    '\x00Content-Length',
  ].map(name => refused(`the name ${JSON.stringify(name)}`, post(`${name}: chunked`))),
  ...['Transfer.Encoding', 'TransferEncoding', 'Content_Length', 'Content-Lengt'].map(name =>
    served(
      `the name ${name}, which decides nothing`,
      post([`${name}: 7`, 'Content-Length: 5'], 'hello'),
      '200 POST / hello',
    ),
  ),
  ...['GET', 'DELETE', 'OPTIONS', 'PATCH'].map(method =>
    served(
      `a body of ${method} that is a request`,
      line(`${method} / HTTP/1.1`, `Content-Length: ${EVIL.length}`) + EVIL,
    ),
  ),
  refused(
    'a length on the next line, behind its name',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length\r\n: 5\r\n\r\nhello',
  ),
  refused('a length of 0 behind one with a blank before it', post([' Content-Length: 5', 'Content-Length: 0'])),
  refused(
    'an offer of h2c with both framings',
    post(['Upgrade: h2c', 'Connection: Upgrade', 'Transfer-Encoding: chunked', 'Content-Length: 5'], '0\r\n\r\n'),
  ),
  closed('close in the middle of a list', get('Connection: x,close,y')),
  closed('close behind an empty element', get('Connection: ,close')),
  {
    ...served('HTTP/1.0 that is kept, with a tab behind it', request('GET / HTTP/1.0', 'Connection: keep-alive\t')),
    // llhttp from 9.4 on keeps it, too.
    differs: { node: [['200'], ['200', SERVED_BEHIND]] },
  },
]

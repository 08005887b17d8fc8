import { type Case, either, orClosed, post, refused, request, served } from '../case.js'

// Where a body ends is decided once, from the whole head (RFC 9112, section 6).

const length = (value: string, rest = 'hello'): string => post(`Content-Length: ${value}`, rest)
const coding = (value: string, ...others: string[]): string =>
  post([`Transfer-Encoding: ${value}`, ...others], '5\r\nhello\r\n0\r\n\r\n')
const HELLO = '200 POST / hello'
const REQUEST = 'GET /b HTTP/1.1\r\nHost: b\r\n\r\n'

export const lengths: readonly Case[] = [
  served('a length', length('5'), HELLO),
  served('no length', post([]), '200 POST / '),
  served('the length 0', length('0', ''), '200 POST / '),
  served('zeros in front', length('0005'), HELLO),
  served('blanks around a length', length('  5  '), HELLO),
  served('no blank before a length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length:5\r\n\r\nhello', HELLO),
  served('a body of a GET', `${request('GET / HTTP/1.1', 'Host: a', 'Content-Length: 5')}hello`),
  served('a body of a DELETE', `${request('DELETE / HTTP/1.1', 'Host: a', 'Content-Length: 5')}hello`),
  served('a body of an OPTIONS', `${request('OPTIONS * HTTP/1.1', 'Host: a', 'Content-Length: 5')}hello`),
  served('a body that looks like a request', length(String(REQUEST.length), REQUEST)),
  served(
    'a body of HTTP/1.0',
    `${request('POST / HTTP/1.0', 'Connection: keep-alive', 'Content-Length: 5')}hello`,
    HELLO,
  ),
  served('Content_Length with an underscore', post(['Content_Length: 3', 'Content-Length: 5'], 'hello'), HELLO),
  either('a tab behind a length', length('5\t')),
  either('a tab before a length', length('\t5')),
  ...[
    '',
    '+5',
    '-5',
    '-0',
    '0x5',
    '0o5',
    '5_0',
    '5 0',
    '5,5',
    '5, 5',
    '5, 6',
    ',5',
    '5,',
    '5;',
    '"5"',
    'five',
    '5a',
  ].map(value => refused(`the length ${value}`, length(value))),
  ...['5.0', '1e1', '5\x00', '\x0b5', '5\x0c', '٥', '\xb2'].map(value =>
    refused(`the length ${JSON.stringify(value)}`, length(Buffer.from(value).toString('latin1'))),
  ),
  ...[
    '99999999999999999999',
    '18446744073709551616',
    '18446744073709551621',
    '9223372036854775808',
    '9007199254740993',
  ].map(value => refused(`the length ${value}`, length(value), 400, 413)),
  refused('a length of a thousand zeros and 5', length(`${'0'.repeat(8200)}5`), 400, 431),
  refused('two lengths', post(['Content-Length: 5', 'Content-Length: 6'], 'hello')),
  refused('the same length twice', post(['Content-Length: 5', 'content-length: 5'], 'hello')),
  refused('two lengths, the first of them empty', post(['Content-Length:', 'Content-Length: 5'], 'hello')),
  refused('two lengths of 0', post(['Content-Length: 0', 'Content-Length: 0'])),
  refused('two lengths with fields between', post(['Content-Length: 5', 'X: y', 'CONTENT-LENGTH: 5'], 'hello')),
  refused('a GET with two lengths', request('GET / HTTP/1.1', 'Host: a', 'Content-Length: 0', 'Content-Length: 5')),
  refused('a blank before the colon of a length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello'),
  refused('a folded length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 5\r\n\r\nhello'),
  refused(
    'an invalid length beside an upgrade',
    post(['Connection: Upgrade', 'Upgrade: foo', 'Content-Length: +5'], 'hello'),
  ),
  refused(
    'two lengths beside an upgrade',
    post(['Connection: Upgrade', 'Upgrade: foo', 'Content-Length: 5', 'Content-Length: 5']),
  ),
]

/** Of a coding that is not known, or that is known but not decoded here. */
const UNKNOWN = [501]
/** What is no list of codings, or may be taken for one. */
const UNCLEAR = [400, 501]

export const codings: readonly Case[] = [
  ...['Chunked', 'CHUNKED', ' chunked ', 'chunked  '].map(value =>
    served(`the coding ${JSON.stringify(value)}`, coding(value), HELLO),
  ),
  served('Transfer-Encoding in capitals', post('TRANSFER-ENCODING: chunked', '5\r\nhello\r\n0\r\n\r\n'), HELLO),
  // A request of the fetch interface has no body then, so it may be left unread.
  orClosed(
    served('a chunked body of a GET', `${request('GET / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}0\r\n\r\n`),
  ),
  served(
    'Transfer_Encoding with an underscore',
    post(['Transfer_Encoding: chunked', 'Content-Length: 5'], 'hello'),
    HELLO,
  ),
  served('TE, which is another field', post(['TE: chunked, gzip', 'Content-Length: 5'], 'hello'), HELLO),
  either('a tab behind the coding', coding('chunked\t')),
  either('a tab before the coding', coding('\tchunked')),
  ...[
    'foo',
    'xchunked',
    'chunkedx',
    'chunke',
    'identity',
    'gzip',
    'foo, chunked',
    'gzip, chunked',
    'identity, chunked',
  ].map(value => refused(`the coding ${value}`, coding(value), ...UNKNOWN)),
  refused('an unknown coding of a GET', request('GET / HTTP/1.1', 'Host: a', 'Transfer-Encoding: foo'), 501),
  refused('an unknown coding and no body', post('Transfer-Encoding: foo'), 501),
  ...['', ' ', ',', ', chunked', 'chunked,', 'chunked, ', 'chunked, chunked', 'chunked,chunked'].map(value =>
    refused(`the coding ${JSON.stringify(value)}`, coding(value)),
  ),
  ...['chunked, foo', 'chunked, identity', 'chunked, gzip', 'chunked, gzip, chunked'].map(value =>
    refused(`the coding ${value}, where chunked is not last`, coding(value)),
  ),
  ...['chunked;q=1', 'chunked; a=b', 'chunked chunked', '"chunked"', "'chunked'", 'x chunked', 'chunked x'].map(value =>
    refused(`the coding ${value}`, coding(value), ...UNCLEAR),
  ),
  ...['\x0bchunked', 'chunked\x0c', 'chunked\x00', 'chun\x00ked', '\xa0chunked', 'chunked\x7f', '\x01chunked'].map(
    value => refused(`the coding ${JSON.stringify(value)}`, coding(value), ...UNCLEAR),
  ),
  refused('chunked twice, by two fields', coding('chunked', 'Transfer-Encoding: chunked')),
  refused('an unknown coding and chunked, by two fields', coding('foo', 'Transfer-Encoding: chunked'), ...UNCLEAR),
  refused('chunked and an unknown coding, by two fields', coding('chunked', 'Transfer-Encoding: foo'), ...UNCLEAR),
  refused('an empty coding and chunked, by two fields', coding('', 'Transfer-Encoding: chunked')),
  refused('a length and chunked', post(['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n')),
  refused('chunked and a length', coding('chunked', 'Content-Length: 5')),
  refused('chunked and the length 0', coding('chunked', 'Content-Length: 0')),
  refused('chunked and an invalid length', coding('chunked', 'Content-Length: +5')),
  refused('an unknown coding and a length', coding('xchunked', 'Content-Length: 5'), ...UNCLEAR),
  refused('an empty coding and a length', post(['Transfer-Encoding:', 'Content-Length: 5'], 'hello')),
  refused(
    'a blank before the colon of Transfer-Encoding',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
  ),
  refused('a folded coding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n'),
  refused('chunked in HTTP/1.0', `${request('POST / HTTP/1.0', 'Transfer-Encoding: chunked')}0\r\n\r\n`),
  refused(
    'chunked in HTTP/1.0 that is kept',
    request('POST /p HTTP/1.0', 'Host: x', 'Connection: keep-alive', 'Transfer-Encoding: chunked') +
      '1\r\na\r\n0\r\n\r\n',
  ),
  refused('an unknown coding in HTTP/1.0', request('POST / HTTP/1.0', 'Transfer-Encoding: foo'), ...UNCLEAR),
  ...['gzip', 'foo', 'identity', 'foo, chunked', 'chunked, gzip', ''].map(value =>
    refused(`the coding ${value} beside an upgrade`, coding(value, 'Connection: Upgrade', 'Upgrade: foo')),
  ),
  served('chunked beside an upgrade', coding('chunked', 'Connection: Upgrade', 'Upgrade: foo'), HELLO),
]

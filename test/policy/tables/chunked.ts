import { type Case, chunked, either, refused, served, takenByNode, unfinished } from '../case.js'

// Sizes, extensions, terminators and trailers of a chunked body (RFC 9112, section 7.1).

const HELLO = '200 POST / hello'
const END = '0\r\n\r\n'
/** A first chunk with this in the line of its size. */
const size = (text: string, data = 'hello'): string => chunked(`${text}\r\n${data}\r\n${END}`)
const trailers = (...lines: string[]): string =>
  chunked(`5\r\nhello\r\n0\r\n${lines.map(each => `${each}\r\n`).join('')}\r\n`)

export const chunks: readonly Case[] = [
  served('an empty body', chunked(END), '200 POST / '),
  served('one chunk', size('5'), HELLO),
  served('three chunks', chunked(`2\r\nhe\r\n1\r\nl\r\n2\r\nlo\r\n${END}`), HELLO),
  served('a size in capitals', size('A', '0123456789'), '200 POST / 0123456789'),
  served('a size in small letters', size('a', '0123456789'), '200 POST / 0123456789'),
  served('zeros in front of a size', size('00005'), HELLO),
  served('more than one zero at the end', chunked('5\r\nhello\r\n000\r\n\r\n'), HELLO),
  served('data that looks like framing', size('5', '0\r\n\r\n'), '200 POST / 0\r\n\r\n'),
  ...[';a', ';a=b', ';a="b"', ';a="b;c\\"d"', ';a=b;c=d', ';a;b;c'].map(extension =>
    served(`the extension ${extension}`, size(`5${extension}`), HELLO),
  ),
  served('an extension of the last chunk', chunked('5\r\nhello\r\n0;a=b\r\n\r\n'), HELLO),
  ...[' ;a', '; a', ';a =b', ';a= b', ' ; a = b', '; some; parameters=stuff'].map(extension =>
    either(`the extension ${extension}, with blanks around its marks`, size(`5${extension}`)),
  ),
  ...[
    '',
    'g',
    '5g',
    '0x5',
    '0X5',
    '5_',
    '+5',
    '-5',
    '-0',
    ' 5',
    '\t5',
    '5 ',
    '5\t',
    '5.',
    '5,',
    '"5"',
    '5\x00',
    '\x005',
  ].map(text => refused(`the size ${JSON.stringify(text)}`, size(text))),
  ...['ffffffffffffffff5', '100000000000000005', 'fffffffffffffffff'].map(text =>
    refused(`the size ${text}`, size(text), 400, 413),
  ),
  refused('the size +0', chunked('+0\r\n\r\n')),
  ...[';;a', ';=b', ';a='].map(extension => takenByNode(refused(`the extension ${extension}`, size(`5${extension}`)))),
  ...[';', ';a;', ';a="b', ';a=b c', ';[a]', ';a(b)', ';a\x00', ';a=\x01', ';a\x7f', ';\xe9'].map(extension =>
    refused(`the extension ${JSON.stringify(extension)}`, size(`5${extension}`)),
  ),
  refused('CR in an extension', size('5;a\rb')),
  refused('LF in an extension', size('5;a\nb')),
  refused('an extension of 64 KB', size(`5;a=${'b'.repeat(65_536)}`), 400, 413, 431),
  takenByNode(refused('many extensions', chunked(`1;a=${'b'.repeat(2000)}\r\nx\r\n`.repeat(20) + END), 400, 413, 431)),
  refused('LF behind a size', chunked(`5\nhello\r\n${END}`)),
  refused('CR behind a size', chunked(`5\rhello\r\n${END}`)),
  refused('CR CR LF behind a size', chunked(`5\r\r\nhello\r\n${END}`)),
  refused('LF behind the data', chunked(`5\r\nhello\n${END}`)),
  refused('CR behind the data', chunked(`5\r\nhello\r${END}`)),
  refused('nothing behind the data', chunked(`5\r\nhello${END}`)),
  refused('more data than announced', chunked(`5\r\nhello!!\r\n${END}`)),
  refused('less data than announced', chunked(`6\r\nhello\r\n${END}`)),
  refused('LF behind the last size', chunked('5\r\nhello\r\n0\n\r\n')),
  refused('LF at the end', chunked('5\r\nhello\r\n0\r\n\n')),
  refused('two times LF at the end', chunked('5\r\nhello\r\n0\n\n')),
  refused('CR at the end', chunked('5\r\nhello\r\n0\r\n\rX')),
  refused('garbage in place of a size', chunked('5\r\nhello\r\ngarbage\r\n\r\n')),
  refused('an empty line in place of a size', chunked(`5\r\nhello\r\n\r\n${END}`)),
  unfinished('no end', chunked('5\r\nhello\r\n'), 400),
  unfinished('an end within a chunk', chunked('5\r\nhe'), 400),
  unfinished('an end within a size', chunked('5'), 400),
  unfinished('an end within the last line', chunked('5\r\nhello\r\n0\r\n'), 400),
]

/** Fields that decide about framing, routing or rights. */
const NEVER_LATE = ['Host', 'Content-Length', 'Transfer-Encoding', 'Trailer', 'Authorization', 'TE', 'Cookie']

export const trailerFields: readonly Case[] = [
  served('a trailer', trailers('X-Checksum: 1'), HELLO),
  served('usual trailers', trailers('Vary: *', 'Content-Type: text/plain'), HELLO),
  served('two trailers', trailers('X-Checksum: 1', 'Y:'), HELLO),
  served(
    'trailers that were announced',
    trailers('X-Checksum: 1').replace('Host', 'Trailer: X-Checksum\r\nHost'),
    HELLO,
  ),
  ...NEVER_LATE.flatMap(name => [
    refused(`the trailer ${name}`, trailers(`${name}: 1`)),
    refused(`the trailer ${name} behind another, in small letters`, trailers('X: y', `${name.toLowerCase()}: 1`)),
  ]),
  refused('a trailer without a colon', trailers('X-Checksum')),
  refused('a trailer without a name', trailers(': 1')),
  refused('a blank before the colon of a trailer', trailers('X : 1')),
  refused('a folded trailer', trailers('X: 1', ' 2')),
  refused('a fold in place of a trailer', trailers(' X: 1')),
  refused('NUL in a trailer', trailers('X: \x00')),
  refused('CR in a trailer', trailers('X: a\rb')),
  refused('LF behind a trailer', chunked('5\r\nhello\r\n0\r\nX: 1\n\r\n')),
  refused('a name that is no token', trailers('X[y]: 1')),
  refused('a trailer that is too large', trailers(`X: ${'a'.repeat(8190)}`), 431),
  refused('a trailer that is far too large', trailers(`X: ${'a'.repeat(100_000)}`), 431),
  refused('too many trailers', trailers(...Array.from({ length: 101 }, (_, i) => `X-${i}: 1`)), 431),
  served('trailers of 200 KB', trailers(...Array.from({ length: 50 }, (_, i) => `X-${i}: ${'a'.repeat(4000)}`)), HELLO),
  refused(
    'a forbidden trailer behind 100 KB',
    trailers(...Array<string>(25).fill(`X: ${'a'.repeat(4000)}`), 'Host: b'),
  ),
  served('as many trailers as there may be', trailers(...Array.from({ length: 100 }, (_, i) => `X-${i}: 1`)), HELLO),
  unfinished('an end within the trailers', chunked('5\r\nhello\r\n0\r\nX: 1\r\n'), 400),
]

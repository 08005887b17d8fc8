import { type Case, line, refused, refusedByNode, request, served, takenByNode, unfinished } from '../case.js'

// Method, target and version, with one blank between them (RFC 9112, section 3).

const HOST = 'Host: a'

export const requestLines: readonly Case[] = [
  served('a plain request', line('GET /a?b=c HTTP/1.1'), '200 GET /a?b=c '),
  served('one empty line before it', `\r\n${line('GET /a HTTP/1.1')}`, '200 GET /a '),
  ...['PURGE', 'QUERY', 'MKACTIVITY', 'M-SEARCH', 'PATCH', 'DELETE', 'PUT'].map(method =>
    served(`the method ${method}`, line(`${method} / HTTP/1.1`, 'Content-Length: 0'), `200 ${method} / `),
  ),
  ...['-bl', '-BLARGH', 'get', 'FOO', "!#$%&'*+-.^_`|~09", 'G'].map(method =>
    refusedByNode(served(`the method ${method}`, line(`${method} / HTTP/1.1`))),
  ),
  ...['G(T', 'GE"T', 'G{}', 'GE\x00T', 'GE\x7fT', 'G\xc9T', ':GET', '(GET)', '\x16\x03\x01', '\xff\xfe'].map(method =>
    refused(`the method ${JSON.stringify(method)}`, line(`${method} / HTTP/1.1`)),
  ),
  takenByNode(refused('two blanks before the target', line('GET  / HTTP/1.1'))),
  takenByNode(refused('two blanks before the version', line('GET /  HTTP/1.1'))),
  refused('a blank behind the version', line('GET / HTTP/1.1 ')),
  refused('a blank before the method', line(' GET / HTTP/1.1')),
  refused('a blank in the target', line('GET /a b HTTP/1.1')),
  refused('a tab before the target', line('GET\t/ HTTP/1.1')),
  refused('a tab before the version', line('GET /\tHTTP/1.1')),
  refused('a vertical tab before the version', line('GET /\x0bHTTP/1.1')),
  takenByNode(refused('CR before it', `\r${line('GET / HTTP/1.1')}`)),
  takenByNode(refused('LF before it', `\n${line('GET / HTTP/1.1')}`)),
  takenByNode(refused('two empty lines before it', `\r\n\r\n${line('GET / HTTP/1.1')}`)),
  takenByNode(refused('many empty lines before it', `${'\r\n'.repeat(100)}${line('GET / HTTP/1.1')}`)),
  unfinished('nothing but empty lines', '\r\n'.repeat(100)),
  refused('a blank line of blanks before it', `  \r\n${line('GET / HTTP/1.1')}`),
  refused('CR in it', line('GET /\r HTTP/1.1')),
  refused('LF in it', line('GET /\n HTTP/1.1')),
  refused('a line that ends with LF', `GET / HTTP/1.1\n${HOST}\r\n\r\n`),
  refused('a line that ends with CR', `GET / HTTP/1.1\r${HOST}\r\n\r\n`),
  refused('a line that ends with CR CR LF', `GET / HTTP/1.1\r\r\n${HOST}\r\n\r\n`),
  refused('all lines end with LF', `GET / HTTP/1.1\n${HOST}\n\n`),
  refused('no method', line('/ HTTP/1.1')),
  refused('no target', line('GET HTTP/1.1')),
  refused('an empty target', line('GET  HTTP/1.1')),
  refused('a word alone', line('GET')),
  refused('a version alone', line('HTTP/1.1')),
  refused('garbage', '\x00\x01\x02\x03\r\n\r\n'),
  refused('the hello of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'),
]

export const versions: readonly Case[] = [
  served('HTTP/1.0 that is kept', request('GET / HTTP/1.0', 'Connection: keep-alive')),
  // Of HTTP/0.9, a line is the whole request.
  refused('HTTP/0.9', 'GET /\r\n\r\n'),
  refused('HTTP/0.9 with fields', line('GET /')),
  refused('HTTP/0.9 with a body', `GET /x\n${HOST}\r\nContent-Length: 5\r\n\r\nhello`),
  refused('HTTP/0.9 with LF', 'GET /\n\n'),
  refused('a blank and no version', line('GET / ')),
  refused('a protocol and no version', line('GET / HTTP')),
  refused('a protocol, a slash and no version', line('GET / HTTP/')),
  ...['HTTP/2.0', 'HTTP/3.0', 'HTTP/9.9'].map(version => refused(version, line(`GET / ${version}`), 505)),
  refused('HTTP/2.0 without a Host', request('GET / HTTP/2.0', 'Connection: keep-alive'), 505),
  refused('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 505),
  refused('HTTP/0.9 that is named', line('GET / HTTP/0.9')),
  refused('HTTP/0.0', line('GET / HTTP/0.0')),
  ...['HTTP/1', 'HTTP/1.', 'HTTP/.1', 'HTTP/01.1', 'HTTP/1.01', 'HTTP/1.10', 'HTTP/10.1', 'HTTP/1.1.1', 'HTTP/1,1'].map(
    version => refused(version, line(`GET / ${version}`)),
  ),
  ...['HTTP/1.2', 'HTTP/1.9', 'HTTP/1.1x', 'HTTP/1.x', 'HTTP/-1.1', 'HTTP/+1.1', 'HTTP/1.-1', 'HTTP-1.1'].map(version =>
    refused(version, line(`GET / ${version}`)),
  ),
  ...['http/1.1', 'Http/1.1', 'HTTPS/1.1', 'XHTTP/1.1', 'HTP/1.1', '1.1', 'HTTP /1.1', 'HTTP/ 1.1', 'HTTP/1 .1'].map(
    version => refused(version, line(`GET / ${version}`)),
  ),
  ...['ICE/1.0', 'IPP/1.1', 'ICE/1.1'].map(version => refused(version, line(`GET / ${version}`))),
  refused('SIP/2.0', line('OPTIONS * SIP/2.0'), 400, 505),
  refused('RTSP/2.0', line('OPTIONS * RTSP/2.0'), 400, 505),
  takenByNode(refused('GET of RTSP', line('GET / RTSP/1.0')), '200'),
  takenByNode(refused('OPTIONS of RTSP', line('OPTIONS * RTSP/1.0', 'CSeq: 1')), '200'),
  takenByNode(refused('GET of RTSP/1.1', line('GET / RTSP/1.1'))),
  refused('SOURCE of ICE', request('SOURCE /radio ICE/1.0', HOST, 'Content-Length: 0')),
  refused('DESCRIBE of RTSP', request('DESCRIBE rtsp://a/b RTSP/1.0', HOST, 'CSeq: 1')),
  refused('DESCRIBE of RTSP for a path', request('DESCRIBE /b RTSP/1.0', HOST, 'CSeq: 1')),
]

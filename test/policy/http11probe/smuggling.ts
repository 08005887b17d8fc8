import { type Case, chunked, line, post, refused, request, served } from '../case.js'

// Cases of the public suite Http11Probe, by their names there, with bytes of our own: bodies with two ends.

const HELLO = '200 POST / hello'
const END = '0\r\n\r\n'
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const TE = 'Transfer-Encoding: chunked'
const length = (value: string, rest = 'hello'): string => post(`Content-Length: ${value}`, rest)
/** A coding and a length of 5 beside it. */
const both = (coding: string): string => post([`Transfer-Encoding: ${coding}`, 'Content-Length: 5'], 'hello')
const size = (text: string): string => chunked(`${text}\r\nhello\r\n${END}`)
const trailer = (text: string): string => chunked(`5\r\nhello\r\n0\r\n${text}\r\n\r\n`)
/** A whole request where one of two servers in a row would see the next one. */
const smuggled = (coding: string, more = '', hidden = GET): string =>
  post([coding, `Content-Length: ${END.length + hidden.length}${more}`], END + hidden)

const lengths: readonly Case[] = [
  refused('SMUG-DUPLICATE-CL', post(['Content-Length: 5', 'Content-Length: 10'], 'helloworld')),
  refused('SMUG-CL-COMMA-DIFFERENT', length('5, 10')),
  refused('SMUG-CL-COMMA-SAME', length('5, 5')),
  refused('SMUG-CL-COMMA-TRIPLE', length('5, 5, 5')),
  refused('SMUG-CL-NEGATIVE', length('-1')),
  refused('SMUG-CL-NEGATIVE-ZERO', length('-0')),
  refused('SMUG-CL-UNDERSCORE', length('1_0')),
  refused('SMUG-CL-OCTAL', length('0o5')),
  refused('SMUG-CL-HEX-PREFIX', length('0x5')),
  refused('SMUG-CL-INTERNAL-SPACE', length('1 0')),
  served('SMUG-CL-LEADING-ZEROS', length('005'), HELLO),
  served('SMUG-CL-DOUBLE-ZERO', length('00', ''), '200 POST / '),
  served('SMUG-CL-LEADING-ZEROS-OCTAL', length('010', 'hellohello'), '200 POST / hellohello'),
  served('SMUG-CL-TRAILING-SPACE', length('5 '), HELLO),
  served('SMUG-CL-EXTRA-LEADING-SP', length(' 5'), HELLO),
  served('SMUG-HEAD-CL-BODY', `${line('HEAD / HTTP/1.1', 'Content-Length: 5')}hello`, '200'),
  served('SMUG-OPTIONS-CL-BODY', `${line('OPTIONS / HTTP/1.1', 'Content-Length: 5')}hello`, '200 OPTIONS / hello'),
  served('SMUG-EXPECT-100-CL', post(['Expect: 100-continue', 'Content-Length: 5'], 'hello'), HELLO),
]

const codings: readonly Case[] = [
  refused('SMUG-CL-TE-BOTH', post([`Content-Length: ${END.length}`, TE], END)),
  refused('SMUG-CLTE-PIPELINE', post(['Content-Length: 4', TE], END)),
  refused('SMUG-TECL-PIPELINE', post([TE, 'Content-Length: 30'], END)),
  refused('SMUG-TE-XCHUNKED', both('xchunked'), 400, 501),
  refused('SMUG-TE-TRAILING-SPACE', both('chunked ')),
  refused('SMUG-TE-SP-BEFORE-COLON', post(['Transfer-Encoding : chunked', 'Content-Length: 5'], 'hello')),
  refused('SMUG-TE-DOUBLE-CHUNKED', both('chunked, chunked')),
  refused('SMUG-TE-NOT-FINAL-CHUNKED', post('Transfer-Encoding: chunked, gzip', END)),
  refused('SMUG-TE-HTTP10', `${request('POST / HTTP/1.0', 'Host: a', TE)}${END}`),
  refused('SMUG-TE-EMPTY-VALUE', both('')),
  refused('SMUG-TE-DUPLICATE-HEADERS', post([TE, 'Transfer-Encoding: identity', 'Content-Length: 5'], 'hello')),
  refused('SMUG-TE-IDENTITY', both('identity'), 400, 501),
  refused('SMUG-TE-VTAB', both('\x0bchunked')),
  refused('SMUG-TE-FORMFEED', both('\x0cchunked')),
  refused('SMUG-TE-NULL', both('chunked\x00')),
  refused('SMUG-TE-OBS-FOLD', both('\r\n chunked')),
  refused('SMUG-TE-CASE-MISMATCH', both('Chunked')),
  refused('SMUG-TE-TRAILING-COMMA', both('chunked,')),
  refused('SMUG-TE-LEADING-COMMA', both(', chunked')),
  refused('SMUG-TE-TAB-BEFORE-VALUE', both('\tchunked')),
  refused('SMUG-CHUNKED-WITH-PARAMS', post('Transfer-Encoding: chunked;ext=val', END), 400, 501),
  served('SMUG-TRANSFER_ENCODING', post(['Transfer_Encoding: chunked', 'Content-Length: 5'], 'hello'), HELLO),
  refused('SMUG-OPTIONS-TE-OBS-FOLD', `${line('OPTIONS / HTTP/1.1', 'Transfer-Encoding:\r\n chunked')}${END}`),
  refused('SMUG-BARE-CR-HEADER-VALUE', post(['X-Test: val\rue', 'Content-Length: 5'], 'hello')),
  refused('SMUG-MULTIPLE-HOST-COMMA', request('GET / HTTP/1.1', 'Host: a, b')),
  served('SMUG-ABSOLUTE-URI-HOST-MISMATCH', line('GET http://other.example/ HTTP/1.1')),
]

const chunks: readonly Case[] = [
  refused('SMUG-CHUNK-BARE-SEMICOLON', size('5;')),
  refused('SMUG-CHUNK-HEX-PREFIX', size('0x5')),
  refused('SMUG-CHUNK-UNDERSCORE', size('1_0')),
  refused('SMUG-CHUNK-LEADING-SP', size(' 5')),
  refused('SMUG-CHUNK-NEGATIVE', size('-1')),
  refused('SMUG-CHUNK-SIZE-PLUS', size('+5')),
  refused('SMUG-CHUNK-SIZE-TRAILING-OWS', size('5 ')),
  refused('SMUG-CHUNK-MISSING-TRAILING-CRLF', chunked(`5\r\nhello${END}`)),
  refused('SMUG-CHUNK-SPILL', chunked(`5\r\nhello!!\r\n${END}`)),
  refused('SMUG-CHUNK-EXT-CTRL', size('5;a=\x00b')),
  refused('SMUG-CHUNK-EXT-CR', size('5;a\rb')),
  refused('SMUG-CHUNK-EXT-LF', size('5;a\nb')),
  refused('SMUG-CHUNK-EXT-INVALID-TOKEN', size('5;[')),
  refused('SMUG-CHUNK-BARE-CR-TERM', chunked(`5\rhello\r\n${END}`)),
  refused('SMUG-CHUNK-LF-TERM', chunked(`5\r\nhello\n${END}`)),
  refused('SMUG-CHUNK-LF-TRAILER', chunked('5\r\nhello\r\n0\r\n\n')),
  refused('SMUG-TRAILER-CL', trailer('Content-Length: 50')),
  refused('SMUG-TRAILER-TE', trailer('Transfer-Encoding: chunked')),
  refused('SMUG-TRAILER-HOST', trailer('Host: other.example')),
  refused('SMUG-TRAILER-AUTH', trailer('Authorization: Bearer x')),
  served('SMUG-TRAILER-CONTENT-TYPE', trailer('Content-Type: text/evil'), HELLO),
]

/** Each with a request hidden in its body, or behind what one server would take for the end of it. */
const sequences: readonly Case[] = [
  refused('SMUG-CLTE-CONN-CLOSE', post([`Content-Length: ${END.length}`, TE], END)),
  refused('SMUG-TECL-CONN-CLOSE', post([TE, `Content-Length: ${END.length}`], END)),
  refused('SMUG-CLTE-KEEPALIVE', post(['Connection: keep-alive', 'Content-Length: 4', TE], END)),
  refused('SMUG-CLTE-DESYNC', post(['Content-Length: 6', TE], `${END}X`)),
  refused('SMUG-TECL-DESYNC', post([TE, 'Content-Length: 30'], `${END}X`)),
  refused('SMUG-CLTE-SMUGGLED-GET', smuggled(TE)),
  refused('SMUG-CLTE-SMUGGLED-HEAD', smuggled(TE, '', GET.replace('GET', 'HEAD'))),
  refused('SMUG-CLTE-SMUGGLED-GET-CL-PLUS', smuggled(TE).replace('Length: ', 'Length: +')),
  refused('SMUG-CLTE-SMUGGLED-GET-CL-NON-NUMERIC', smuggled(TE, 'x')),
  refused('SMUG-CLTE-SMUGGLED-GET-TE-OBS-FOLD', smuggled('Transfer-Encoding:\r\n chunked')),
  refused('SMUG-CLTE-SMUGGLED-GET-TE-TRAILING-SPACE', smuggled(`${TE} `)),
  refused('SMUG-CLTE-SMUGGLED-GET-TE-LEADING-COMMA', smuggled('Transfer-Encoding: , chunked')),
  refused('SMUG-CLTE-SMUGGLED-GET-TE-CASE-MISMATCH', smuggled('Transfer-Encoding: Chunked')),
  refused('SMUG-TE-DUPLICATE-HEADERS-SMUGGLED-GET', smuggled(`${TE}\r\nTransfer-Encoding: identity`)),
  refused('SMUG-TECL-SMUGGLED-GET', post([TE, 'Content-Length: 4'], `1b\r\n${GET.slice(0, -2)}\r\n${END}`)),
  refused(
    'SMUG-DUPLICATE-CL-SMUGGLED-GET',
    post(['Content-Length: 5', `Content-Length: ${5 + GET.length}`], `hello${GET}`),
  ),
  refused('SMUG-CHUNK-INVALID-SIZE-DESYNC', chunked('+0\r\n\r\nX')),
  served('SMUG-PIPELINE-SAFE', GET + GET, '200', '200'),
  served('SMUG-CL0-BODY-POISON', length('0', GET), '200 POST / ', '200 GET / '),
  served('SMUG-GET-CL-BODY-DESYNC', `${line('GET / HTTP/1.1', 'Content-Length: 5')}hello`),
  served('SMUG-OPTIONS-CL-BODY-DESYNC', `${line('OPTIONS / HTTP/1.1', 'Content-Length: 5')}hello`),
  served('SMUG-EXPECT-100-CL-DESYNC', post(['Expect: 100-continue', 'Content-Length: 5'], 'hello'), HELLO),
  served('SMUG-GET-CL-PREFIX-DESYNC', `${line('GET / HTTP/1.1', 'Content-Length: 16')}GET / HTTP/1.1\r\n`),
]

export const smuggling: readonly Case[] = [...lengths, ...codings, ...chunks, ...sequences]

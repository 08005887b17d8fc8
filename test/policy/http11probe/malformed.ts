import { type Case, chunked, either, get, line, post, refused, refusedByNode, served, unfinished } from '../case.js'

// Cases of the public suite Http11Probe, by their names there, with bytes of our own: what is no request, names that
// one server may take for others, and cookies, which are the application's.

const LARGE = 'a'.repeat(100_000)

const malformed: readonly Case[] = [
  refused(
    'MAL-BINARY-GARBAGE',
    `${Array.from({ length: 256 }, (_, i) => String.fromCharCode((i * 73) % 256)).join('')}\r\n\r\n`,
  ),
  refused('MAL-LONG-URL', line(`GET /${LARGE} HTTP/1.1`), 414),
  refused('MAL-LONG-HEADER-VALUE', get(`X: ${LARGE}`), 431),
  refused('MAL-LONG-HEADER-NAME', get(`${LARGE}: x`), 431),
  refused('MAL-LONG-METHOD', line(`${LARGE} / HTTP/1.1`), 400, 414, 501),
  refused('MAL-MANY-HEADERS', get(...Array.from({ length: 10_000 }, (_, i) => `X-${i}: y`)), 431),
  refused('MAL-NUL-IN-URL', line('GET /\x00path HTTP/1.1')),
  refused('MAL-NUL-IN-HEADER-VALUE', get('X: val\x00ue')),
  refused('MAL-CONTROL-CHARS-HEADER', get('X: a\x01\x02\x03b')),
  refused('MAL-NON-ASCII-HEADER-NAME', get('X-T\xc3\xa9st: value')),
  refusedByNode(served('MAL-NON-ASCII-URL', line('GET /caf\xc3\xa9 HTTP/1.1'))),
  refusedByNode(served('MAL-URL-OVERLONG-UTF8', line('GET /\xc0\xaf HTTP/1.1'))),
  refused('MAL-CL-OVERFLOW', post('Content-Length: 99999999999999999999', 'hello'), 400, 413),
  refused('MAL-CL-EMPTY', post('Content-Length:', 'hello')),
  either('MAL-CL-TAB-BEFORE-VALUE', post('Content-Length:\t5', 'hello')),
  refused('MAL-POST-CL-HUGE-NO-BODY', post('Content-Length: 999999999'), 413),
  refused('MAL-CHUNK-SIZE-OVERFLOW', chunked('FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n')),
  refused('MAL-CHUNK-EXT-64K', chunked(`5;ext=${'a'.repeat(65_536)}\r\nhello\r\n0\r\n\r\n`), 400, 413, 431),
  unfinished('MAL-INCOMPLETE-REQUEST', 'GET / HTTP/1.1\r\nHost: a\r\nX-Partial', 400),
  unfinished('MAL-EMPTY-REQUEST', ''),
  refused('MAL-WHITESPACE-ONLY-LINE', '   \r\n\r\n'),
  refused('MAL-H2-PREFACE', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 505),
  served('MAL-URL-BACKSLASH', line('GET /path\\file HTTP/1.1')),
  served('MAL-URL-PERCENT-NULL', line('GET /path%00 HTTP/1.1')),
  served('MAL-URL-PERCENT-CRLF', line('GET /path%0d%0aX:%20y HTTP/1.1')),
  served('MAL-RANGE-OVERLAPPING', get('Range: bytes=0-,0-,0-,0-')),
]

const normalization: readonly Case[] = [
  refused('NORM-SP-BEFORE-COLON-CL', post('Content-Length : 5', 'hello')),
  refused('NORM-TAB-IN-NAME', post(['Content\tLength: 5', 'Content-Length: 5'], 'hello')),
  served('NORM-CASE-TE', post('TRANSFER-ENCODING: chunked', '5\r\nhello\r\n0\r\n\r\n'), '200 POST / hello'),
  served('NORM-UNDERSCORE-CL', post(['Content_Length: 99', 'Content-Length: 5'], 'hello'), '200 POST / hello'),
  served('NORM-UNDERSCORE-TE', post(['Transfer_Encoding: chunked', 'Content-Length: 5'], 'hello'), '200 POST / hello'),
]

const cookies: readonly Case[] = [
  served('COOK-ECHO', get('Cookie: foo=bar')),
  refused('COOK-OVERSIZED', get(`Cookie: big=${LARGE}`), 431),
  served('COOK-EMPTY', get('Cookie:')),
  refused('COOK-NUL', get('Cookie: foo=\x00bar')),
  refused('COOK-CONTROL-CHARS', get('Cookie: foo=\x01\x02\x03')),
  served('COOK-MANY-PAIRS', get(`Cookie: ${Array.from({ length: 500 }, (_, i) => `k${i}=v`).join('; ')}`)),
  served('COOK-MALFORMED', get('Cookie: ===;;;')),
  served('COOK-MULTI-HEADER', get('Cookie: a=1', 'Cookie: b=2')),
  served('COOK-PARSED-BASIC', get('Cookie: foo=bar')),
  served('COOK-PARSED-MULTI', get('Cookie: a=1; b=2; c=3')),
  served('COOK-PARSED-EMPTY-VAL', get('Cookie: foo=')),
  served('COOK-PARSED-SPECIAL', get('Cookie: a=hello world; b=x=y')),
]

export const malformedInput: readonly Case[] = [...malformed, ...normalization, ...cookies]

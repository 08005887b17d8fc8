import { type Case, closed, get, line, post, refused, request, served, unfinished } from '../case.js'

// Limits on sizes, each at the limit and beyond it. Those of the line, of fields and of a field are the defaults.

/** Of a line, and of a field with its name, colon and blank. */
const LONGEST = 8190
const MOST = 100
/** As the servers of these tests have it. */
export const LARGEST_BODY = 100_000

const target = (length: number): string => `/${'a'.repeat(length - 'GET / HTTP/1.1'.length)}`
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `X-${i}: 1`)
const field = (name: string, size: number): string => `${name}: ${'a'.repeat(size - name.length - 2)}`
const upload = (size: number): string => post(`Content-Length: ${size}`, 'x'.repeat(size))
const chunkOf = (size: number): string =>
  post('Transfer-Encoding: chunked', `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`)

export const limits: readonly Case[] = [
  served('a line at its limit', line(`GET ${target(LONGEST)} HTTP/1.1`)),
  refused('a line beyond it', line(`GET ${target(LONGEST + 1)} HTTP/1.1`), 414),
  refused('a line far beyond it', line(`GET ${target(100_000)} HTTP/1.1`), 414),
  refused('a line beyond it, of 8,000 slashes', line(`GET ${'/'.repeat(LONGEST)} HTTP/1.1`), 414),
  refused('a query beyond it', line(`GET /?${'a=b&'.repeat(3000)} HTTP/1.1`), 414),
  refused('a method beyond it', line(`${'A'.repeat(LONGEST)} / HTTP/1.1`), 400, 414, 501),
  refused('a line without an end', 'a'.repeat(100_000), 400, 414),
  unfinished('a line without an end, and an end', `GET /${'a'.repeat(100_000)}`, 400, 414),
  served('as many fields as there may be', get(...many(MOST - 1))),
  refused('one field more', get(...many(MOST)), 431),
  refused('many fields more', get(...many(3000)), 431),
  refused('many empty fields more', get(...Array<string>(5000).fill('X:')), 431),
  served('a field at its limit', get(field('X-Large', LONGEST))),
  refused('a field beyond it', get(field('X-Large', LONGEST + 1)), 431),
  refused('a field far beyond it', get(field('X-Large', 100_000)), 431),
  refused('a name beyond it', get(`${'X'.repeat(LONGEST - 2)}: y`), 431),
  refused('a name far beyond it', get(`${'X'.repeat(100_000)}: y`), 431),
  refused('a name without a colon', `GET / HTTP/1.1\r\nHost: a\r\n${'X'.repeat(100_000)}`, 400, 431),
  refused('a host beyond it', request('GET / HTTP/1.1', field('Host', LONGEST + 1)), 400, 431),
  refused('a cookie beyond it', get(field('Cookie', LONGEST + 1)), 431),
  served('a body at its limit', upload(LARGEST_BODY), '200 POST / 100000 bytes'),
  refused('a body beyond it', upload(LARGEST_BODY + 1), 413),
  refused('a body far beyond it', post('Content-Length: 999999999999'), 413),
  refused(
    'a body of a GET beyond it',
    request('GET / HTTP/1.1', 'Host: a', `Content-Length: ${LARGEST_BODY + 1}`),
    413,
  ),
  served('a chunk at its limit', chunkOf(LARGEST_BODY), '200 POST / 100000 bytes'),
  refused('a chunk beyond it', chunkOf(LARGEST_BODY + 1), 413),
  refused(
    '100-continue with a body beyond it',
    post([`Content-Length: ${LARGEST_BODY + 1}`, 'Expect: 100-continue']),
    413,
  ),
  closed(
    'a body at its limit, and close',
    post(['Connection: close', `Content-Length: ${LARGEST_BODY}`], 'x'.repeat(LARGEST_BODY)),
  ),
]

import t from 'tap'
import { compileAccessFormat, DEFAULT_ACCESS_FORMAT } from '../../lib/logging/access.js'
import { type EntryParts, entryOf } from './entry.js'

const finishedAt = new Date(2026, 10, 22, 13, 31, 7)
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text, 'latin1').toString('base64')}` })
const render = (format: string, parts: EntryParts = {}) =>
  compileAccessFormat(format)(entryOf({ finishedAt, ...parts }))

t.test('each atom', async t => {
  const parts: EntryParts = {
    method: 'POST',
    url: '/a%20b?x=1&y',
    httpVersion: '1.0',
    status: 404,
    bytes: 12,
    durationMs: 2345.6789,
    request: { referer: 'http://r/', 'user-agent': 'curl/8', 'x-one': '1', ...basic('joe:pa:ss') },
    response: { 'x-two': '2' },
    environ: { REMOTE_PORT: 5, 'wsgi.url_scheme': 'https', 'wsgi.errors': {} },
  }
  const wanted: Readonly<Record<string, string>> = {
    h: '192.0.2.1',
    l: '-',
    u: 'joe',
    r: 'POST /a%20b?x=1&y HTTP/1.0',
    s: '404',
    m: 'POST',
    U: '/a%20b',
    q: 'x=1&y',
    H: 'HTTP/1.0',
    b: '12',
    B: '12',
    f: 'http://r/',
    a: 'curl/8',
    T: '2',
    D: '2345679',
    M: '2345',
    L: '2.345679',
    p: `<${process.pid}>`,
    '{X-One}i': '1',
    '{x-two}o': '2',
    '{remote_port}e': '5',
    '{wsgi.url_scheme}e': 'https',
    '{wsgi.errors}e': '-',
  }
  for (const [name, value] of Object.entries(wanted)) t.equal(render(`%(${name})s`, parts), value, name)
  t.match(render('%(t)s', parts), /^\[22\/Nov\/2026:13:31:07 [+-]\d{4}\]$/)
})

t.test('each atom where there is nothing', async t => {
  const nothing = { remoteAddress: '', method: '', url: '', httpVersion: '', status: 0 }
  for (const name of 'hlursmUHbfa') t.equal(render(`%(${name})s`, nothing), '-', name)
  for (const name of ['{a}i', '{a}o', '{a}e', '{constructor}e']) t.equal(render(`%(${name})s`, nothing), '-', name)
  t.same(
    ['q', 'B', 'T', 'D', 'M', 'L'].map(name => render(`%(${name})s`, nothing)),
    ['', '0', '0', '0', '0', '0.000000'],
  )
  t.equal(render('%(a)s', { request: { 'user-agent': '' } }), '-', 'an empty field')
})

t.test('durations', async t => {
  t.equal(render('%(T)s %(D)s %(M)s %(L)s', { durationMs: 999.9996 }), '1 1000000 1000 1.000000')
  t.equal(render('%(T)s %(D)s %(M)s %(L)s', { durationMs: 0.0421 }), '0 42 0 0.000042')
})

t.test('targets that are no path', async t => {
  const path = (url: string) => render('%(U)s', { url })
  t.same(['*', 'host:443', 'http://a/b?c', 'http://a?c', '?x'].map(path), ['*', 'host:443', '/b', '/', '-'])
})

t.test('user names', async t => {
  const user = (request: Record<string, string>) => render('%(u)s', { request })
  t.equal(user(basic('a b"]\n:x')), 'a\\x20b\\x22]\\x0A')
  t.equal(user(basic('jos\xe9:x')), 'jos\\xE9')
  t.same([basic('nocolon'), basic(':x'), { authorization: 'Bearer abc' }, { authorization: 'Basic !' }].map(user), [
    '-',
    '-',
    '-',
    '-',
  ])
  t.equal(user({ authorization: `basic ${btoa('joe:')}` }), 'joe')
})

t.test('the default format', async t => {
  const line = render(DEFAULT_ACCESS_FORMAT, { bytes: 5, request: { 'user-agent': 'curl/8 (x)' } })
  t.match(line, /^192\.0\.2\.1 - - \[22\/Nov\/2026:13:31:07 [+-]\d{4}\] "GET \/ HTTP\/1\.1" 200 5 "-" "curl\/8 \(x\)"$/)
})

t.test('an aborted request has what was sent', async t => {
  t.equal(render('"%(r)s" %(s)s %(b)s', { status: 200, bytes: 17, outcome: 'aborted' }), '"GET / HTTP/1.1" 200 17')
  t.equal(render('"%(r)s" %(s)s %(b)s', { status: 0, outcome: 'aborted' }), '"GET / HTTP/1.1" - -')
})

t.test('a client can neither end a quoted field nor forge a line', async t => {
  const evil = `" 200\\\r\n\t\0\x7f\x85\xe9\u20ac\u{1f600}\ud800'`
  const escaped = "\\x22 200\\x5C\\x0D\\x0A\\x09\\x00\\x7F\\x85\\xE9\\xE2\\x82\\xAC\\xF0\\x9F\\x98\\x80\\xEF\\xBF\\xBD'"
  const parts: EntryParts = {
    remoteAddress: evil,
    method: evil,
    url: evil,
    httpVersion: evil,
    request: { referer: evil, 'user-agent': evil, x: evil },
    response: { x: evil },
    environ: { X: evil },
  }
  for (const name of ['h', 'm', 'U', 'f', 'a', '{x}i', '{x}o', '{x}e'])
    t.equal(render(`%(${name})s`, parts), escaped, name)
  t.equal(render('%(q)s', { url: `/?${evil}` }), escaped)
  t.equal(render('%(r)s', parts), `${escaped} ${escaped} HTTP/${escaped}`)
})

t.test('text around the atoms stays as it is', async t => {
  t.equal(render('%%(h)s 100%% é "%(s)s"%%'), '%(h)s 100% é "200"%')
  t.equal(render(''), '')
})

t.test('the date follows the second', async t => {
  const line = compileAccessFormat('%(t)s')
  const at = (second: number, ms = 0) =>
    line(entryOf({ finishedAt: new Date(2026, 0, 2, 3, 4, second, ms) })).slice(1, 21)
  t.same(
    [at(5), at(5, 999), at(6), at(5)],
    ['02/Jan/2026:03:04:05', '02/Jan/2026:03:04:05', '02/Jan/2026:03:04:06', '02/Jan/2026:03:04:05'],
  )
})

t.test('an unknown atom is named, with its place', async t => {
  const refused = (format: string): string => {
    try {
      return `no error: ${compileAccessFormat(format)}`
    } catch (error) {
      return String(error)
    }
  }
  t.match(refused('%(h)s %(z)s'), /unknown atom %\(z\)s at character 7 .* wanted .*\{header\}i/)
  t.match(refused('%%%(constructor)s'), /unknown atom %\(constructor\)s at character 3/)
  t.match(refused('%(h)s 100%'), /unknown atom % at character 10/)
  t.match(refused('%h %l'), /unknown atom %h %l at character 1/)
  t.match(refused('%(h)d'), /unknown atom %\(h\)d at character 1/)
  t.match(refused('%({x}z)s'), /%\(\{x\}z\)s/)
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ask, CSS, field, get, serveSite, statusOf } from './static-site.js'

/** What is answered to GET of a file with these header fields. */
interface Row {
  readonly path?: string
  readonly method?: string
  readonly fields?: readonly string[]
  readonly status: number
  /** Fields of the answer by their names in lower case; undefined for one that is absent. */
  readonly says?: Readonly<Record<string, string | undefined>>
  /** What follows the head. */
  readonly body?: string
}

const SIZE = CSS.length
/** What stands beside `public/b.js`, by its coding. The server does not look into it. */
const ENCODED = { zstd: 'zstd', br: 'brotli', gzip: 'gzipped' } as const
const ENDINGS = { zstd: '.zst', br: '.br', gzip: '.gz' } as const

function ranges(etag: string, date: string): Row[] {
  const older = 'Wed, 21 Oct 2015 07:28:00 GMT'
  const part = (field: string, first: number, last: number): Row => ({
    fields: [`Range: ${field}`],
    status: 206,
    says: { 'content-range': `bytes ${first}-${last}/${SIZE}`, 'content-length': String(last - first + 1) },
    body: CSS.slice(first, last + 1),
  })
  const whole = (...fields: string[]): Row => ({ fields, status: 200, says: { 'content-range': undefined }, body: CSS })
  const none = (field: string): Row => ({
    fields: [`Range: ${field}`],
    status: 416,
    says: { 'content-range': `bytes */${SIZE}`, 'content-length': '0' },
    body: '',
  })
  const first = part('bytes=0-4', 0, 4)
  const ifRange = (validator: string): string[] => ['Range: bytes=0-4', `If-Range: ${validator}`]
  return [
    first,
    part('bytes=0-0', 0, 0),
    part('bytes=-5', SIZE - 5, SIZE - 1),
    part('bytes=-9999', 0, SIZE - 1),
    part('bytes=835-', 835, SIZE - 1),
    part('bytes=835-9999', 835, SIZE - 1),
    part('bytes=0-4,9000-', 0, 4),
    none('bytes=9000-'),
    none('bytes=-0'),
    { path: '/static/none.txt', fields: ['Range: bytes=0-'], status: 416, says: { 'content-range': 'bytes */0' } },
    { fields: ['Range: bytes=0-4,-5'], status: 206, says: { 'content-range': undefined } },
    whole('Range: bytes=5-1'),
    whole('Range: bytes=a'),
    whole('Range: items=0-1'),
    whole('Range: bytes=0-,0-'),
    { method: 'HEAD', fields: ['Range: bytes=0-4'], status: 200, says: { 'content-length': String(SIZE) }, body: '' },
    { ...first, fields: ifRange(etag) },
    { ...first, fields: ifRange(date) },
    whole(...ifRange(`W/${etag}`)),
    whole(...ifRange('"other"')),
    whole(...ifRange(older)),
    whole(`If-Range: ${etag}`),
    { ...first, fields: ['Range: bytes=0-4', 'If-None-Match: "other"'] },
  ]
}

/** RFC 9110, section 13.2.2. */
function preconditions(etag: string, date: string): Row[] {
  const older = 'Wed, 21 Oct 2015 07:28:00 GMT'
  const known = (...fields: string[]): Row => ({
    fields,
    status: 304,
    says: { etag, vary: 'Accept-Encoding', 'cache-control': 'no-cache', 'content-length': undefined },
    body: '',
  })
  const failed = (...fields: string[]): Row => ({ fields, status: 412, body: '' })
  const whole = (...fields: string[]): Row => ({ fields, status: 200, body: CSS })
  return [
    known(`If-None-Match: ${etag}`),
    known(`If-None-Match: W/${etag}`),
    known(`If-None-Match: "other", ${etag}`),
    known('If-None-Match: "other"', `If-None-Match: ${etag}`),
    known('If-None-Match: *'),
    known(`If-Modified-Since: ${date}`),
    known(`If-None-Match: ${etag}`, 'Range: bytes=0-4'),
    known(`If-None-Match: ${etag}`, `If-Modified-Since: ${older}`),
    known(`If-Match: ${etag}`, `If-None-Match: ${etag}`),
    known(`If-Unmodified-Since: ${date}`, `If-Modified-Since: ${date}`),
    { ...known(`If-None-Match: ${etag}`), method: 'HEAD' },
    failed('If-Match: "other"'),
    failed(`If-Match: W/${etag}`),
    failed('If-Match: "other"', `If-None-Match: ${etag}`),
    failed('If-Match: "other"', 'Range: bytes=0-4'),
    failed(`If-Unmodified-Since: ${older}`),
    whole('If-None-Match: "other"', `If-Modified-Since: ${date}`),
    whole(`If-Modified-Since: ${older}`),
    whole('If-Match: *', `If-Unmodified-Since: ${older}`),
    whole('If-Modified-Since: yesterday'),
  ]
}

function encodings(): Row[] {
  const path = '/static/b.js'
  const as = (accepted: string, coding: keyof typeof ENCODED): Row => ({
    path,
    fields: [`Accept-Encoding: ${accepted}`],
    status: 200,
    says: {
      vary: 'Accept-Encoding',
      'content-encoding': coding,
      'content-type': 'text/javascript; charset=utf-8',
      'content-length': String(ENCODED[coding].length),
    },
    body: ENCODED[coding],
  })
  const plain = (...fields: string[]): Row => ({
    path,
    fields,
    status: 200,
    says: { vary: 'Accept-Encoding', 'content-encoding': undefined },
    body: 'plain text',
  })
  return [
    as('gzip', 'gzip'),
    as('GZIP', 'gzip'),
    as('br', 'br'),
    as('zstd', 'zstd'),
    as('gzip, deflate, br, zstd', 'zstd'),
    as('zstd;q=0, gzip, br', 'br'),
    as('zstd;q=0, br;q=0.0, *', 'gzip'),
    as('*', 'zstd'),
    as('gzip;q=0.9, br;q=0.8', 'gzip'),
    as('unheard-of, gzip;q=0.001', 'gzip'),
    as('identity;q=0, gzip', 'gzip'),
    plain(),
    plain('Accept-Encoding: '),
    plain('Accept-Encoding: identity'),
    plain('Accept-Encoding: deflate'),
    plain('Accept-Encoding: gzip;q=0, br;q=0, zstd;q=0'),
    plain('Accept-Encoding: *;q=0'),
    {
      path,
      fields: ['Accept-Encoding: gzip', 'Range: bytes=0-3'],
      status: 206,
      says: {
        'content-encoding': 'gzip',
        'content-range': `bytes 0-3/${ENCODED.gzip.length}`,
        vary: 'Accept-Encoding',
      },
      body: ENCODED.gzip.slice(0, 4),
    },
    { ...as('br', 'br'), method: 'HEAD', body: '' },
    {
      path: '/static/large.bin',
      method: 'HEAD',
      fields: ['Accept-Encoding: gzip'],
      status: 200,
      says: { vary: undefined },
    },
    {
      path: '/static/b.js.gz',
      status: 200,
      says: { 'content-encoding': undefined, 'content-type': 'application/gzip' },
    },
  ]
}

/** Paths by which a client might try to leave the directory, or to name a file in a second way. */
function paths(): Row[] {
  const applications = [
    '/static/%2e%2e%2fsecret',
    '/static/.%2e/secret',
    '/static/%252e%252e/secret',
    '/static/..;/secret',
    '/static/..%5csecret',
    '/static/..\\secret',
    '/static/..%c0%afsecret',
    '/static/docs/../../secret',
    '/static/docs/../a.css',
    '/static/./a.css',
    '/static/%2e/a.css',
    '/static/a%00.css',
    '/static/a.css%00.txt',
    '/static//a.css',
    '//static/a.css',
    '/%2fstatic/a.css',
    '/static/%2fa.css',
    '/static%2fa.css',
    '/static/A.CSS',
    '/static/a.css.',
    '/static/a.css%20',
    '/static/leaving',
    '/static/up/secret',
    'http://a/static/../secret',
    'http://a/static/%2e%2e/secret',
  ].map((path): Row => ({ path, status: 200, says: { 'x-from': 'application' } }))
  const files = [
    '/st%61tic/a.css',
    '/static/a%2Ecss',
    'http://a/static/a.css',
    '/static/a.css?b=/../secret',
    '/static/link.css',
    '/static/up/public/a.css',
  ]
  return [
    ...applications,
    ...files.map((path): Row => ({ path, status: 200, says: { 'x-from': undefined }, body: CSS })),
  ]
}

for (const engine of ['native', 'node']) {
  t.test(`the engine ${engine}`, async t => {
    const server = await serveSite(t, 'wsgi', '--http-engine', engine)
    writeFileSync(join(server.cwd, 'public/b.js'), 'plain text')
    for (const coding of ['zstd', 'br', 'gzip'] as const) {
      writeFileSync(join(server.cwd, `public/b.js${ENDINGS[coding]}`), ENCODED[coding])
    }
    const { head } = await ask(t, server, get('/static/a.css'))
    const [etag = '', date = ''] = ['etag', 'last-modified'].map(name => field(head, name))
    const tables = {
      ranges: ranges(etag, date),
      preconditions: preconditions(etag, date),
      'compressed files': encodings(),
      paths: paths(),
    }
    for (const [name, rows] of Object.entries(tables)) {
      const unlike: unknown[] = []
      for (const { path = '/static/a.css', method = 'GET', fields = [], status, says = {}, body } of rows) {
        const answer = await ask(t, server, get(path, ...fields).replace('GET', method))
        const said = Object.fromEntries(Object.keys(says).map(name => [name, field(answer.head, name)]))
        const isAsWanted =
          statusOf(answer.head) === status &&
          Object.entries(says).every(([name, value]) => said[name] === value) &&
          (body === undefined || answer.body === body)
        if (!isAsWanted) unlike.push({ path, method, fields, wanted: { status, says }, ...answer })
      }
      t.same(unlike, [], `${name}: ${rows.length} requests`)
    }
    const encoded = await ask(t, server, get('/static/b.js', 'Accept-Encoding: gzip'))
    const plain = await ask(t, server, get('/static/b.js'))
    const [zipped = '', whole = ''] = [encoded, plain].map(({ head }) => field(head, 'etag'))
    const again = (tag: string) => ask(t, server, get('/static/b.js', 'Accept-Encoding: gzip', `If-None-Match: ${tag}`))
    t.equal(statusOf((await again(zipped)).head), 304)
    t.equal(statusOf((await again(whole)).head), 200, 'the file itself is another representation')
  })
}

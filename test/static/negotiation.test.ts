import t from 'tap'
import { RequestHead } from '../../lib/http/head.js'
import { evaluate, wantsPart } from '../../lib/static/conditions.js'
import { chooseEncoded } from '../../lib/static/encodings.js'
import { parseRanges } from '../../lib/static/ranges.js'

const SIZE = 100

t.test('ranges of 100 bytes', async t => {
  const many = (count: number): string => Array.from({ length: count }, (_, i) => `${i}-${i}`).join(',')
  const pairs = (ranges: ReturnType<typeof parseRanges>) =>
    ranges?.map(({ first, last }) => `${first}-${last}`).join(' ')
  const cases: Readonly<Record<string, string | undefined>> = {
    'bytes=0-9': '0-9',
    'bytes=90-': '90-99',
    'bytes=90-1000': '90-99',
    'bytes=-10': '90-99',
    'bytes=-1000': '0-99',
    'Bytes=0-0': '0-0',
    'bytes=0-1, 5-6,,90-': '0-1 5-6 90-99',
    'bytes=0-1,200-': '0-1',
    [`bytes=0-${'9'.repeat(400)}`]: '0-99',
    [`bytes=${many(16)}`]: Array.from({ length: 16 }, (_, i) => `${i}-${i}`).join(' '),
    // None can be had.
    'bytes=100-': '',
    'bytes=-0': '',
    'bytes=200-300': '',
    // Ignored.
    'bytes=9-0': undefined,
    'bytes=': undefined,
    'bytes=-': undefined,
    'bytes=a-b': undefined,
    'bytes=0-1;5-6': undefined,
    'bytes=0x1-5': undefined,
    'bytes 0-9': undefined,
    'lines=0-9': undefined,
    'bytes=0-,0-': undefined,
    [`bytes=${many(17)}`]: undefined,
  }
  t.same(Object.fromEntries(Object.keys(cases).map(field => [field, pairs(parseRanges(field, SIZE))])), cases)
  t.same(parseRanges('bytes=0-', 0), [], 'an empty file has no range')
})

t.test('what was compressed beforehand', async t => {
  const encoded = [
    { encoding: 'br', size: 10 },
    { encoding: 'zstd', size: 12 },
    { encoding: 'gzip', size: 11 },
  ]
  const cases: Readonly<Record<string, string | undefined>> = {
    'gzip, deflate, br, zstd': 'br',
    gzip: 'gzip',
    GZIP: 'gzip',
    'gzip, zstd': 'gzip',
    'br;q=0.5, gzip;q=0.8': 'gzip',
    'br;q=0, *': 'gzip',
    '*;q=0': undefined,
    identity: undefined,
    'identity, gzip;q=0.5': undefined,
    'identity;q=0.5, gzip;q=0.5': 'gzip',
    'gzip;q=0': undefined,
    'gzip;q=x': undefined,
    'gzip ; q=1': 'gzip',
    '': undefined,
    deflate: undefined,
  }
  const chosen = (field: string): string | undefined => chooseEncoded(field, encoded)?.encoding
  t.same(Object.fromEntries(Object.keys(cases).map(field => [field, chosen(field)])), cases)
  t.equal(chooseEncoded(undefined, encoded), undefined)
})

t.test('preconditions', async t => {
  const date = 'Wed, 21 Oct 2015 07:28:00 GMT'
  const file = { etag: '"a"', lastModified: date, modifiedAt: Date.parse(date) }
  const [before, after] = ['Wed, 21 Oct 2015 07:27:59 GMT', 'Wed, 21 Oct 2015 07:28:01 GMT']
  const headOf = (...fields: string[]): RequestHead =>
    new RequestHead({ method: 'GET', url: '/', httpVersion: '1.1' }, fields)
  const cases: readonly [status: number, ...fields: string[]][] = [
    [200],
    [304, 'If-None-Match', '"a"'],
    [304, 'If-None-Match', 'W/"a"'],
    [304, 'If-None-Match', '"b", "a"'],
    [304, 'If-None-Match', '*'],
    [200, 'If-None-Match', '"b"'],
    [200, 'If-None-Match', 'a'],
    [200, 'If-None-Match', '"b"', 'If-Modified-Since', date],
    [304, 'If-Modified-Since', date],
    [304, 'If-Modified-Since', after],
    [200, 'If-Modified-Since', before],
    [200, 'If-Modified-Since', 'yesterday'],
    [200, 'If-Modified-Since', '2030-01-01'],
    [304, 'If-Modified-Since', 'Wednesday, 21-Oct-15 07:28:00 GMT'],
    [304, 'If-Modified-Since', 'Wed Oct 21 07:28:00 2015'],
    [200, 'If-Modified-Since', 'Wed Oct 21 07:27:59 2015'],
    [200, 'If-Modified-Since', 'Wed Oct  7 07:28:00 2015'],
    [200, 'If-Modified-Since', 'Wed Oct 21 07:28:00 2015 +0200'],
    [412, 'If-Match', '"b"'],
    [412, 'If-Match', 'W/"a"'],
    [200, 'If-Match', '"a"'],
    [200, 'If-Match', '*'],
    [412, 'If-Unmodified-Since', before],
    [200, 'If-Unmodified-Since', date],
    [304, 'If-Match', '"a"', 'If-None-Match', '"a"'],
  ]
  t.same(
    cases.map(([, ...fields]) => [evaluate(headOf(...fields), file), ...fields]),
    cases,
  )
  const parts = ['"a"', date, 'W/"a"', '"b"', before].map(value => wantsPart(headOf('If-Range', value), file))
  t.same(parts, [true, true, false, false, false])
})

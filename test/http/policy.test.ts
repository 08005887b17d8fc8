import t from 'tap'
import { RequestHead } from '../../lib/http/head.js'
import { checkHead, type HttpPolicy } from '../../lib/http/policy.js'

const NO_LIMITS: HttpPolicy = {
  keepAlive: 0,
  headerTimeout: 0,
  limitRequestLine: 0,
  limitRequestFields: 0,
  limitRequestFieldSize: 0,
  limitRequestBody: 0,
}

interface Case {
  readonly what: string
  readonly url?: string
  /** Besides `Host: a`. */
  readonly fields?: readonly string[]
  readonly limits?: Partial<HttpPolicy>
  /** Without it the head is within all limits. */
  readonly status?: number
  readonly why?: string
}

// `GET /aaaa HTTP/1.1` has 18 bytes.
const url = '/aaaa'

const cases: readonly Case[] = [
  { what: 'a request line at its limit', url, limits: { limitRequestLine: 18 } },
  { what: 'a longer one', url, limits: { limitRequestLine: 17 }, status: 414, why: 'request line of 18 bytes' },
  { what: 'fields at their limit', fields: ['b', ''], limits: { limitRequestFields: 2 } },
  {
    what: 'one more',
    fields: ['b', '', 'c', ''],
    limits: { limitRequestFields: 2 },
    status: 431,
    why: 'more than 2 header fields',
  },
  { what: 'a field at its limit', fields: ['name', 'value'], limits: { limitRequestFieldSize: 11 } },
  {
    what: 'a larger one, named',
    fields: ['x'.repeat(50), ''],
    limits: { limitRequestFieldSize: 51 },
    status: 431,
    why: `header field ${'x'.repeat(40)} of 52 bytes`,
  },
  { what: 'a body at its limit', fields: ['Content-Length', '10'], limits: { limitRequestBody: 10 } },
  {
    what: 'a larger one',
    fields: ['Content-Length', '11'],
    limits: { limitRequestBody: 10 },
    status: 413,
    why: 'body of 11 bytes',
  },
  { what: 'a body of unknown length', fields: ['Transfer-Encoding', 'chunked'], limits: { limitRequestBody: 10 } },
  { what: 'no limits', url: '/a'.repeat(50_000), fields: ['x'.repeat(100_000), '', 'Content-Length', '1000000000'] },
]

for (const { what, url = '/', fields = [], limits, status, why } of cases) {
  t.test(what, async t => {
    const head = new RequestHead({ method: 'GET', url, httpVersion: '1.1' }, ['Host', 'a', ...fields])
    t.same(checkHead(head, { ...NO_LIMITS, ...limits }), status === undefined ? undefined : { status, why })
  })
}

t.test('only HTTP/1.1 wants a Host, which may be empty', async t => {
  const check = (httpVersion: string, ...fields: readonly string[]) =>
    checkHead(new RequestHead({ method: 'GET', url: '/', httpVersion }, fields), NO_LIMITS)
  t.same(check('1.1'), { status: 400, why: 'no Host header' })
  t.equal(check('1.1', 'host', ''), undefined)
  t.equal(check('1.0'), undefined)
})

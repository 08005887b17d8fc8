import t from 'tap'
import { addHeader } from '../../lib/gateway/wire/meta-variables.js'
import { RequestHead } from '../../lib/http/head.js'
import { HeadReader, isRefusal } from '../../lib/http/native/parser/head.js'
import { isFirst, NameTable } from '../../lib/http/native/parser/names.js'
import { type Answers, BEHIND, type Case } from '../policy/case.js'
import { LARGEST_BODY } from '../policy/tables/limits.js'
import { CASES } from '../policy/tables.js'
import { readNatively } from './fuzz/native-stream.js'
import { bytesOf, type Outcome } from './fuzz/outcome.js'
import { OWN_CASES } from './native/cases.js'
import { LIMITS } from './native/limits.js'

// The policy of HTTP, case by case, without a server: heads and bodies as the parser reads them.

const POLICY = { ...LIMITS, limitRequestBody: LARGEST_BODY }

/** Longer ones are torn at some places only. */
const SHORT = 300
/** A body that is longer is told by its size. */
const LONG_BODY = 1000

/** All ways to tear bytes that are worth a trial: not at all, at each place once, and at every byte. */
function tearings(size: number): number[][] {
  const step = size < SHORT ? 1 : Math.ceil(size / 40)
  const places = Array.from({ length: Math.ceil(size / step) }, (_, i) => Math.min(size, (i + 1) * step))
  return [[size], ...places.map(place => [place, size]), places]
}

/** What would be answered: requests that are complete, and a refusal. */
function answersOf({ requests, refusal }: Outcome): Answers {
  const complete = requests.filter(request => request.complete)
  const answers = complete.map(({ method, url, body }) => {
    return `200 ${method} ${url} ${body.length > LONG_BODY ? `${body.length} bytes` : body}`
  })
  return refusal ? [...answers, String(refusal.status)] : answers
}

function fits(got: Answers, wanted: Answers): boolean {
  return got.length === wanted.length && wanted.every((each, i) => got[i] === each || got[i]?.startsWith(`${each} `))
}

/** What is wrong with how a case is read, if anything is. */
function faultsOf({ name, bytes, wanted, differs, ends }: Case): string[] {
  const all = bytesOf(ends ? bytes : bytes + BEHIND)
  const outcomes = tearings(all.length).map(places => answersOf(readNatively(all, places, POLICY)))
  const got = outcomes[0] ?? []
  const isRight = (differs?.native ?? wanted).some(each => fits(got, each))
  const isSame = new Set(outcomes.map(String)).size === 1
  return [isRight ? '' : `${name}: ${got}`, isSame ? '' : `${name}: it matters where it is torn`].filter(Boolean)
}

for (const [what, cases] of Object.entries({ 'the policy': CASES.parsed, 'what is left to the parser': OWN_CASES })) {
  t.test(what, async t => {
    t.ok(cases.length > 40, `${cases.length} cases`)
    t.same(cases.flatMap(faultsOf), [])
  })
}

t.test('what the parser knows of the fields is what a look at them tells', async t => {
  const heads = [...CASES.plain, ...OWN_CASES].flatMap(({ bytes }) => {
    const all = bytesOf(bytes)
    const result = new HeadReader(POLICY).read(all, 0, all.length)
    const head = result && (isRefusal(result) ? result.head : result.request)
    return head ? [head] : []
  })
  t.ok(heads.length > 400, `${heads.length} heads`)
  const known = heads.map(factsOf)
  t.same(
    known,
    heads.map(head => factsOf(new RequestHead(head, head.fields))),
  )
})

t.test('names are known to be distinct only if they are', async t => {
  const table = new NameTable()
  // All slots are taken, but for those of longer names.
  for (let i = 0; i < 100_000; i++) table.add(`X-${i.toString(36)}`)
  const number = (...texts: string[]): number => {
    const head = table.numberHead()
    return texts.filter(text => isFirst(table.find(bytesOf(text), 0, text.length) ?? table.add(text), head)).length
  }
  t.equal(number('Host', 'Accept', 'Cookie'), 3)
  t.equal(number('Host', 'accept', 'Accept', 'host'), 2)
  t.equal(number('Host', 'X-Not-Kept'), 1, 'of a name that is not kept nothing is known')
  t.equal(number('Cookie'), 1)
})

function factsOf(head: RequestHead): unknown {
  const { contentLength, transferEncoding, upgrade, hostField, repeated, bodyLength } = head
  const environ = {}
  head.forEach(addHeader, environ)
  return { contentLength, transferEncoding, upgrade, hostField, repeated, bodyLength, environ }
}

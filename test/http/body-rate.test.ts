import t from 'tap'
import { BodyRate } from '../../lib/http/body-rate.js'
import { POLICY } from '../gateway/serve.js'

const FULL = Number.POSITIVE_INFINITY

/** How many looks of 100 ms a client is served that sends so many bytes before each. */
function looksUntilSlow(rate: BodyRate, bytes: (look: number) => number, most = 10_000): number {
  let account = FULL
  for (let look = 0; look < most; look++) {
    account = rate.account(account, bytes(look), 100)
    if (account <= 0) return look
  }
  return most
}

t.test('a client has the grace, and then the rate', async t => {
  const rate = new BodyRate({ ...POLICY, bodyTimeout: 5000, minBodyRate: 100 })
  t.equal(
    looksUntilSlow(rate, () => 0),
    49,
    'silence: 5 s',
  )
  t.equal(
    looksUntilSlow(rate, () => 9),
    490,
    'nine tenths of the rate: 49 s',
  )
  t.equal(
    looksUntilSlow(rate, () => 11),
    10_000,
    'more than the rate: for ever',
  )
})

t.test('a client may pause now and then, at any time', async t => {
  const rate = new BodyRate({ ...POLICY, bodyTimeout: 5000, minBodyRate: 100 })
  t.equal(
    looksUntilSlow(rate, look => (look % 40 === 39 ? 400 : 0)),
    10_000,
    '4 s of silence, each made up for',
  )
  t.equal(
    looksUntilSlow(rate, look => (look === 0 ? 1e9 : 0)),
    49,
    'what came fast buys no more than the grace',
  )
})

t.test('what the application takes its time with is not counted', async t => {
  const rate = new BodyRate({ ...POLICY, bodyTimeout: 5000, minBodyRate: 100 })
  t.equal(rate.account(1000, 0, 0), 1000)
})

t.test('without a limit no client is too slow', async t => {
  t.equal(new BodyRate({ ...POLICY, bodyTimeout: 5000 }).account(FULL, 0, 1e9), FULL)
  t.equal(new BodyRate({ ...POLICY, minBodyRate: 0 }).account(FULL, 0, 1e9), FULL)
  t.equal(
    new BodyRate({ ...POLICY, minBodyRate: 1 }).account(FULL, 0, 29_000),
    1000,
    'without bodyTimeout the grace is 30 s',
  )
})

import t from 'tap'
import { BUCKETS, countOf, Histogram, increase, lowerBound, quantile } from '../../lib/sys/histogram.js'

const COUNT = 20_000
const SHARES = [0.5, 0.9, 0.95, 0.99, 0.999]
/** The quantiles that are shown are to be so close to the true ones. */
const TOLERANCE = 0.05

/** The same numbers in each run, from 0 to 1 (a linear congruential generator). */
function randomNumbers(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
}

/** Durations in milliseconds, each made of random numbers. */
const DISTRIBUTIONS: Readonly<Record<string, (random: () => number) => number>> = {
  uniform: random => 1 + 99 * random(),
  exponential: random => -20 * Math.log(random()),
  lognormal: random => Math.exp(1 + 2 * Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())),
  'two kinds of requests': random => (random() < 0.97 ? 0.3 + 0.2 * random() : 800 + 400 * random()),
  'a long tail': random => 0.05 * random() ** -1.5,
  'all alike': () => 7.77,
  minutes: random => 60_000 * (1 + 5 * random()),
}

t.test('quantiles are within 5 % of the exact ones', async t => {
  for (const [name, durationOf] of Object.entries(DISTRIBUTIONS)) {
    const random = randomNumbers()
    const durations = Array.from({ length: COUNT }, () => durationOf(random))
    const histogram = new Histogram()
    for (const duration of durations) histogram.record(duration)
    durations.sort((one, other) => one - other)
    const errors = SHARES.map(share => {
      const exact = durations[Math.ceil(COUNT * share) - 1] ?? 0
      return Math.abs((quantile(histogram.sparse, share) ?? 0) / exact - 1)
    })
    t.ok(Math.max(...errors) < TOLERANCE, `${name}: ${errors.map(error => `${(100 * error).toFixed(2)} %`)}`)
    t.ok(Math.abs(histogram.sum / durations.reduce((sum, duration) => sum + duration, 0) - 1) < 1e-9)
  }
})

t.test('each duration is one more in the one bucket whose bounds it lies between', async t => {
  const histogram = new Histogram()
  const wrong: number[] = []
  for (let duration = 0.0005; duration < 2 ** 32 / 1000; duration *= 1.01) {
    const before = histogram.sparse
    histogram.record(duration)
    const [[bucket, count] = [-1, 0], ...others] = increase(before, histogram.sparse)
    const microseconds = Math.floor(duration * 1000) / 1000
    const isInside = lowerBound(bucket) <= microseconds && microseconds < lowerBound(bucket + 1)
    if (count !== 1 || others.length > 0 || !isInside) wrong.push(duration)
  }
  t.same(wrong, [])
})

t.test('the ends of what it can hold', async t => {
  const histogram = new Histogram()
  for (const duration of [0, 1e9, Number.MAX_VALUE]) histogram.record(duration)
  t.same(histogram.sparse, [
    [0, 1],
    [BUCKETS - 1, 2],
  ])
  t.equal(countOf(histogram.sparse), 3)
  t.equal(quantile([], 0.5), undefined)
})

import t from 'tap'
import { median, pairwise, quantile, rotated, summarize, unevenness } from './statistics.js'

t.test('quantiles interpolate between neighbours, whatever the order', async t => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 3, 2]), 2.5)
  t.equal(quantile([10, 0], 0.9), 9)
  t.equal(quantile([5], 0.99), 5)
  t.throws(() => median([]), RangeError)
})

t.test('values stay in their order', async t => {
  const values = [3, 1, 2]
  t.same(summarize(values), { median: 2, min: 1, max: 3 })
  t.same(values, [3, 1, 2])
})

t.test('numbers are sorted as numbers', async t => {
  t.equal(median([9, 10, 100]), 10)
})

t.test('rounds are compared in pairs', async t => {
  t.same(pairwise([2, 9], [4, 3]), [0.5, 3])
  t.same(
    pairwise([2, 9], [4, 3], (a, b) => a - b),
    [-2, 6],
  )
  t.throws(() => pairwise([1], [1, 2]), RangeError)
})

t.test('unevenness is the largest share over the mean', async t => {
  t.equal(unevenness([8, 8, 8, 8]), 1)
  t.equal(unevenness([32, 0, 0, 0]), 4)
})

t.test('the order changes from round to round and keeps everybody', async t => {
  t.same(rotated(['a', 'b', 'c'], 0), ['a', 'b', 'c'])
  t.same(rotated(['a', 'b', 'c'], 1), ['a', 'c', 'b'])
  t.same(rotated(['a', 'b', 'c'], 2), ['c', 'a', 'b'])
})

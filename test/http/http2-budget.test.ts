import t from 'tap'
import { Budget } from '../../lib/http/http2/budget.js'

t.test('so many at once, and some more with each second', async t => {
  let present = 0
  const budget = new Budget(() => present)
  t.equal(spent(budget), 200)
  present += 1000
  t.equal(spent(budget), 20 - 1, 'the one that was refused counts too')
  present += 3_600_000
  t.equal(spent(budget), 200)
})

t.test('answers pay', async t => {
  const budget = new Budget(() => 0)
  let count = 0
  for (; count < 10_000 && budget.spend(); count++) budget.earn()
  t.equal(count, 10_000)
  t.equal(spent(budget), 200)
})

/** How many there were before one was refused. */
function spent(budget: Budget): number {
  let count = 0
  while (budget.spend()) count++
  return count
}

import t from 'tap'
import { plan } from './episode.js'
import { Random } from './random.js'
import { steps } from './steps.js'

t.test('the seed decides what happens', async t => {
  const names = (seed: number): string[] => plan(new Random(seed), steps, 30).map(({ name }) => name)
  t.same(names(5), names(5))
  t.not(names(5).join(), names(6).join())
})

t.test('each step comes once before one comes again', async t => {
  const drawn = plan(new Random(5), steps, 2 * steps.length)
  t.equal(new Set(drawn.slice(0, steps.length)).size, steps.length)
  t.equal(new Set(drawn.slice(steps.length)).size, steps.length)
})

t.test('random numbers stay in their range', async t => {
  const random = new Random(3)
  const numbers = Array.from({ length: 1000 }, () => random.below(10))
  t.same([Math.min(...numbers), Math.max(...numbers)], [0, 9])
})

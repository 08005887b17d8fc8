import t from 'tap'
import { Queue } from '../../lib/sys/queue.js'

t.test('first in, first out, and what was given back comes first', async t => {
  const queue = new Queue<number>(() => true)
  for (let i = 0; i < 3; i++) queue.add(i)
  t.equal(queue.take(), 0)
  queue.putBack(0)
  queue.putBack(-1)
  t.same([queue.take(), queue.take(), queue.take(), queue.take(), queue.take()], [-1, 0, 1, 2, undefined])
})

t.test('a queue that is never empty keeps its order', async t => {
  const queue = new Queue<number>(() => true)
  queue.add(0)
  let next = 0
  for (let i = 1; i < 10_000; i++) {
    queue.add(i)
    if (i % 10 !== 0 && queue.take() !== next++) t.fail(`${next - 1} is not the next one`)
  }
  t.equal(queue.size, 10_000 - next)
  t.equal(queue.take(), next)
})

t.test('what nobody wants any more does not add up', async t => {
  const wanted = new Set([5, 7000])
  const queue = new Queue<number>(item => wanted.has(item))
  for (let i = 0; i < 100_000; i++) queue.add(i)
  t.ok(queue.size < 5000, `${queue.size} are left`)
  const left = Array.from({ length: queue.size }, () => queue.take()).filter(item => wanted.has(item ?? 0))
  t.same(left, [5, 7000])
})

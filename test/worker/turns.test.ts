import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Turns } from '../../lib/worker/watchdog/turns.js'

/** A use that goes on until it is told to end. */
function held(log: string[], name: string) {
  let end = (): void => {}
  const ended = new Promise<void>(resolve => {
    end = resolve
  })
  const use = async (): Promise<string> => {
    log.push(`${name} begins`)
    await ended
    log.push(`${name} ends`)
    return name
  }
  return { use, end }
}

t.test('one at a time, in the order in which they came, but for the urgent one', async t => {
  const [log, turns, limit] = [[] as string[], new Turns(), 60_000]
  const [first, second, third, urgent] = ['first', 'second', 'third', 'urgent'].map(name => held(log, name))
  const uses = [first, second, third].map(each => each && turns.take(each.use, { limit }))
  uses.push(urgent && turns.take(urgent.use, { limit, isUrgent: true }))
  for (const each of [third, second, urgent]) each?.end()
  await sleep(1)
  t.same(log, ['first begins'], 'the others wait, though they would end at once')
  first?.end()
  t.same(await Promise.all(uses), ['first', 'second', 'third', 'urgent'])
  const order = ['first', 'urgent', 'second', 'third']
  t.same(
    log,
    order.flatMap(name => [`${name} begins`, `${name} ends`]),
  )
  t.equal(await turns.take(async left => left > limit - 5000 && left <= limit, { limit }), true)
})

t.test('one whose turn does not come gives up, and one that fails gives it back', async t => {
  const [log, turns] = [[] as string[], new Turns()]
  const [first, late] = [held(log, 'first'), held(log, 'late')]
  const held1 = turns.take(first.use, { limit: 60_000 })
  t.equal(await turns.take(late.use, { limit: 1 }), undefined)
  first.end()
  await held1
  await t.rejects(
    turns.take(() => Promise.reject(new Error('broken')), { limit: 1 }),
    { message: 'broken' },
  )
  t.equal(await turns.take(async () => 'next', { limit: 1 }), 'next')
  t.same(log, ['first begins', 'first ends'])
})

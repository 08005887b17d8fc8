import t from 'tap'
import { SettledConnections } from '../../lib/spread/settled.js'

/** @returns connections, and what resolves at their next change */
function counting() {
  let changed = (): void => {}
  let changes = 0
  const settled = new SettledConnections(() => {
    changes++
    changed()
  })
  const change = (): Promise<void> => {
    return new Promise(resolve => {
      changed = resolve
    })
  }
  return { settled, change, changes: () => changes }
}

t.test('a connection is settled if it was answered and stays, or with time', async t => {
  const { settled, change } = counting()
  const quick = { mark: 0 }
  const kept = { mark: 0 }
  const slow = { mark: 0 }
  for (const connection of [quick, kept, slow]) settled.add(connection)
  t.same([settled.count, settled.silent], [0, 3])
  settled.requested(quick)
  settled.remove(quick)
  t.equal(settled.arePassing, true)
  settled.requested(kept)
  settled.keep(kept)
  t.same([settled.count, settled.silent], [1, 1])
  await change()
  t.same([settled.count, settled.silent], [2, 0], 'with time')
  for (const connection of [kept, slow]) settled.remove(connection)
  t.equal(settled.count, 0)
})

t.test('by TLS its time begins with its first request', async t => {
  const { settled, change, changes } = counting()
  const plain = { mark: 0 }
  const secure = Array.from({ length: 4 }, () => ({ mark: 0, isInHandshake: true }))
  const [quick, slow, kept, silent] = secure
  if (!quick || !slow || !kept || !silent) throw new Error('not four')
  for (const connection of [...secure, plain]) settled.add(connection)
  t.same([settled.count, settled.silent], [0, 5], 'a burst')
  await change()
  t.same([settled.count, settled.silent], [1, 0], 'the plain one alone')
  for (const connection of [quick, slow, kept]) settled.requested(connection)
  settled.remove(quick)
  settled.remove(silent)
  t.equal(changes(), 1, 'one for a quick request has never counted, nor one for none')
  settled.keep(kept)
  t.equal(settled.count, 2)
  await change()
  t.same([settled.count, settled.silent], [3, 0], 'a long request counts')
  for (const connection of [plain, slow, kept]) settled.remove(connection)
  t.same([settled.count, settled.silent], [0, 0])
})

t.test('a burst by TLS that is over at once', async t => {
  const { settled } = counting()
  const [first, second] = [0, 1].map(() => ({ mark: 0, isInHandshake: true }))
  if (!first || !second) throw new Error('not two')
  for (const connection of [first, second]) settled.add(connection)
  settled.remove(first)
  settled.requested(second)
  t.same([settled.count, settled.silent, settled.arePassing], [0, 0, true])
  settled.keep(second)
  t.equal(settled.count, 1)
})

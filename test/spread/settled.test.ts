import t from 'tap'
import { SettledConnections } from '../../lib/spread/settled.js'

/** Longer than any test, in milliseconds. */
const NEVER = 1e9

/** The timers that are looked at here keep no process alive. */
const alive = setInterval(() => {}, NEVER)
t.teardown(() => clearInterval(alive))

/** @returns connections, and what resolves at their next change */
function counting(epoch: number, secureEpoch: number) {
  let changed = (): void => {}
  let changes = 0
  const settled = new SettledConnections(
    () => {
      changes++
      changed()
    },
    epoch,
    secureEpoch,
  )
  const change = (): Promise<void> => {
    return new Promise(resolve => {
      changed = resolve
    })
  }
  return { settled, change, changes: () => changes }
}

t.test('a connection is settled if it was answered and stays, or with time', async t => {
  const { settled, change } = counting(2, NEVER)
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
  const { settled, change, changes } = counting(2, NEVER)
  const plain = { mark: 0 }
  const secure = [0, 1, 2].map(() => ({ mark: 0, isInHandshake: true }))
  const [quick, slow, silent] = secure
  if (!quick || !slow || !silent) throw new Error('not three')
  for (const connection of [...secure, plain]) settled.add(connection)
  await change()
  t.same([settled.count, settled.silent], [1, 3], 'the plain one')
  for (const connection of [quick, slow]) settled.requested(connection)
  t.same([settled.count, settled.silent], [1, 1])
  settled.remove(quick)
  t.equal(changes(), 1, 'one for a quick request has never counted')
  await change()
  t.same([settled.count, settled.silent], [2, 1], 'a long request counts')
  settled.remove(slow)
  settled.remove(silent)
  t.same([settled.count, settled.silent], [1, 0])
})

t.test('a handshake that takes too long counts', async t => {
  const { settled, change } = counting(NEVER, 2)
  const connection = { mark: 0, isInHandshake: true }
  settled.add(connection)
  await change()
  t.same([settled.count, settled.silent], [1, 0])
  settled.requested(connection)
  settled.keep(connection)
  t.equal(settled.count, 1, 'once')
  settled.remove(connection)
  t.equal(settled.count, 0)
})

import t from 'tap'
import { balance, shouldLetGo } from '../../lib/spread/balance.js'
import { countSaturated } from '../../lib/spread/crowding.js'

const NOW = 10_000

/** A worker with ten connections that has room. */
class Fake {
  isReady = true
  lastBeat = NOW
  settled = 10
  utilisation = 0.1
  saturatedBeats = 0
  cap = Number.POSITIVE_INFINITY

  constructor(facts: Partial<Fake> = {}) {
    Object.assign(this, facts)
  }

  sendCap(cap: number): void {
    this.cap = cap
  }
}

const crowded = { utilisation: 0.95, saturatedBeats: 2 }

t.test('beats in a row', async t => {
  const beats = [1, 0.95, 0.9, 0.91, 0.2]
  let count = 0
  const counts = beats.map(utilisation => {
    count = countSaturated(count, utilisation)
    return count
  })
  t.same(counts, [1, 2, 0, 1, 0])
})

t.test('when a worker lets a connection go', async t => {
  const cases: [what: string, worker: Partial<Fake>, others: Partial<Fake>[], expected: boolean][] = [
    ['it is saturated, another one has room', crowded, [{}], true],
    ['one of several has room', crowded, [crowded, {}], true],
    ['all are idle', {}, [{}], false],
    ['it is alone', crowded, [], false],
    ['the others are busy too', crowded, [{ utilisation: 0.8 }], false],
    ['for one beat only', { ...crowded, saturatedBeats: 1 }, [{}], false],
    ['it has one connection', { ...crowded, settled: 1 }, [{}], false],
    ['the other one is not ready', crowded, [{ isReady: false }], false],
    ['the other one may hang', crowded, [{ lastBeat: NOW - 3000 }], false],
  ]
  for (const [what, worker, others, expected] of cases) {
    const one = new Fake(worker)
    t.equal(shouldLetGo(one, [one, ...others.map(facts => new Fake(facts))], NOW), expected, what)
  }
})

t.test('where one worker is crowded, those with room may take one more than they have', async t => {
  const workers = [new Fake(crowded), new Fake({ settled: 13 }), new Fake({ settled: 13, utilisation: 0.8 })]
  balance(workers, NOW)
  t.same(
    workers.map(({ cap }) => cap),
    [14, 14, 14],
  )
  for (const worker of workers) worker.settled += 10 * workers.indexOf(worker)
  balance(workers, NOW)
  // The mean is 22: 33 is more than a tenth above it.
  t.same(
    workers.map(({ cap }) => cap),
    [25, 25, 25],
  )
  Object.assign(workers[1] ?? {}, { settled: 40 })
  balance(workers, NOW)
  t.same(
    workers.map(({ cap }) => cap),
    [31, 41, 31],
  )
})

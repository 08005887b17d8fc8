import t from 'tap'
import type { LifeSigns } from '../../lib/worker/watchdog/pulse.js'
import { Vigil } from '../../lib/worker/watchdog/vigil.js'

const limits = { bootTimeout: 5000, timeout: 1000, gracefulTimeout: 3000 }
const beating: LifeSigns = { beat: 1, countedFrom: 1, answer: -1, debugged: false, givenUp: false }

/** Lets a vigil judge as often as it wants to until `end`; returns what it said other than 'rest', and when. */
function watch(vigil: Vigil, end: number, look: (now: number) => LifeSigns, orphaned = false): string[] {
  const said: string[] = []
  for (let now = 0; now <= end; ) {
    const { verdict, again } = vigil.judge(now, look(now), orphaned)
    if (again <= 0) throw new Error(`a busy loop at ${now}`)
    if (verdict !== 'rest') said.push(`${verdict} ${now}`)
    now += again
  }
  return said
}

t.test('a main thread without a beat is asked before the limit, and hangs at the limit', async t => {
  const said = watch(new Vigil(limits, 0), 1500, () => ({ ...beating, countedFrom: 0 }))
  t.same(said, ['ask 900', 'hung 1000', 'hung 1500'])
})

t.test('one that beats is left alone', async t => {
  const beats = (now: number): LifeSigns => ({ ...beating, countedFrom: now - (now % 250) })
  t.same(watch(new Vigil(limits, 0), 5000, beats), [])
})

t.test('one that answers does not hang, however long a request takes', async t => {
  const said = watch(new Vigil(limits, 0), 1600, now => ({ ...beating, countedFrom: 0, answer: now }))
  t.same(said, ['ask 900', 'ask 1000', 'ask 1100', 'ask 1200', 'ask 1300', 'ask 1400', 'ask 1500', 'ask 1600'])
})

t.test('a count that begins in the past is over at once, but not without a question', async t => {
  t.same(
    watch(new Vigil(limits, 0), 150, () => ({ ...beating, countedFrom: -5000 })),
    ['ask 0', 'hung 100'],
  )
})

t.test('while it boots the limit is that of the boot', async t => {
  const booting: LifeSigns = { beat: 0, countedFrom: 0, answer: 0, debugged: false, givenUp: false }
  t.same(
    watch(new Vigil(limits, 0), 5000, () => booting),
    ['ask 4900', 'hung 5000'],
  )
  t.same(
    watch(new Vigil({ ...limits, bootTimeout: 0 }, 0), 9000, () => booting),
    [],
  )
})

t.test('a stop of the whole process begins the count anew', async t => {
  const vigil = new Vigil(limits, 0)
  const stuck = { ...beating, countedFrom: 0 }
  t.equal(vigil.judge(0, stuck, false).verdict, 'rest')
  t.equal(vigil.judge(950, stuck, false).verdict, 'ask')
  t.equal(vigil.judge(60_000, stuck, false).verdict, 'rest', 'stopped between question and answer')
  t.equal(vigil.judge(60_500, stuck, false).verdict, 'rest')
  t.equal(vigil.judge(60_900, stuck, false).verdict, 'ask')
  t.equal(vigil.judge(61_000, stuck, false).verdict, 'hung')
})

t.test('nothing is said while a debugger is attached, nor without a limit', async t => {
  t.same(
    watch(new Vigil(limits, 0), 9000, () => ({ ...beating, debugged: true })),
    [],
  )
  t.same(
    watch(new Vigil({ ...limits, timeout: 0 }, 0), 9000, () => beating),
    [],
  )
})

t.test('an orphan without a limit has gracefulTimeout, and a second at least', async t => {
  const endless = { ...limits, timeout: 0 }
  const stuck = { ...beating, countedFrom: 0 }
  t.same(
    watch(new Vigil(endless, 0), 3000, () => stuck, true),
    ['ask 2900', 'hung 3000'],
  )
  const hasty = { ...endless, gracefulTimeout: 0 }
  t.same(
    watch(new Vigil(hasty, 0), 1000, () => stuck, true),
    ['ask 900', 'hung 1000'],
  )
})

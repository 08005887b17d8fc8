import t from 'tap'
import { GivingBack } from '../../lib/worker/giving-back.js'

t.test('memory is given back every ten seconds, or for a thousandth of the time', async t => {
  let present = 0
  let takes = 2
  let times = 0
  const giveBack = () => {
    times++
    present += takes
  }
  const giving = new GivingBack(giveBack, () => present)
  const timesAt = (time: number): number => {
    present = time
    giving.beat()
    return times
  }
  t.equal(timesAt(9999), 0)
  t.equal(timesAt(10_000), 1)
  t.equal(timesAt(20_001), 1)
  takes = 50
  t.equal(timesAt(20_002), 2)
  t.equal(timesAt(70_051), 2)
  t.equal(timesAt(70_052), 3, 'what takes 50 ms waits for 50 s')
})

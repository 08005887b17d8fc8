import t from 'tap'
import { bounded } from '../../lib/sys/confinement.js'

t.test('a call that blocks for too long is broken off', async t => {
  const endless = () => {
    for (;;);
  }
  t.throws(() => bounded(endless, 50), { message: /blocked the process for 50 ms/ })
  t.equal(
    bounded(() => bounded(() => 1, 1000) + 1, 1000),
    2,
    'one within another',
  )
  t.throws(
    () =>
      bounded(() => {
        throw new RangeError('its own')
      }),
    { name: 'RangeError', message: 'its own' },
  )
})

t.test('a call leaves the globals as they were', async t => {
  const { setTimeout, JSON: json } = globalThis
  const { stringify } = json
  bounded(() => {
    Object.assign(globalThis, { setTimeout: undefined, JSON: undefined, added: 1 })
    json.stringify = () => 'broken'
    Reflect.deleteProperty(Array.prototype, 'map')
  })
  t.equal(globalThis.setTimeout, setTimeout)
  t.equal(globalThis.JSON, json)
  t.equal(json.stringify, stringify)
  t.same([1].map(String), ['1'])
  t.ok(Reflect.deleteProperty(globalThis, 'added'))
})

import { execFileSync, execSync, spawnSync } from 'node:child_process'
import t from 'tap'
import { bounded, withTimeLimit } from '../../lib/sys/confinement.js'

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

t.test('a process that a call waits for is killed if it takes too long', async t => {
  const spawn = withTimeLimit(spawnSync, 50)
  t.match(spawn('sleep', ['60']), { signal: 'SIGKILL' })
  t.match(spawn('sleep', ['60'], { timeout: 60_000, stdio: 'ignore' }), { signal: 'SIGKILL', stdout: null })
  t.match(spawn('sleep', ['60'], { timeout: 20 }), { signal: 'SIGTERM' }, 'an earlier limit stands')
  t.match(spawn('sleep 60', { shell: true }), { signal: 'SIGKILL' })
  t.throws(() => withTimeLimit(execSync, 50)('sleep 60'), { code: 'ETIMEDOUT' })
  t.equal(withTimeLimit(execFileSync, 60_000)('echo', ['done'], { encoding: 'utf8' }), 'done\n')
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

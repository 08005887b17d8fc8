import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { placesOf } from '../../lib/sys/file-places.js'

t.test('a file, and each link on the way to it', async t => {
  const root = realpathSync(t.testdir())
  const at = (...names: string[]): string => join(root, ...names)
  mkdirSync(at('v1'))
  writeFileSync(at('v1', 'key'), '')
  symlinkSync('v1', at('data'))
  symlinkSync('data/key', at('key'))
  symlinkSync(at('key'), at('v1', 'again'))
  symlinkSync('../v1/./again', at('v1', 'up'))
  symlinkSync('circle', at('circle'))
  t.same(placesOf(at('v1', 'key')), [at('v1', 'key')])
  t.same(placesOf(at('key')), [at('key'), at('data'), at('v1', 'key')])
  t.same(placesOf(at('v1', 'up')), [at('v1', 'up'), at('v1', 'again'), at('key'), at('data'), at('v1', 'key')])
  t.same(placesOf(at('data', 'missing')), [at('data'), at('v1', 'missing')])
  t.same(placesOf(at('circle')), [at('circle'), at('circle')], 'it ends')
})

import t from 'tap'
import { bothSpellings, type SnakeCase, snakeCase } from '../../config/names.js'
import { editDistance, nearest } from '../../config/nearest.js'

t.test('snake_case, for values and for types', async t => {
  const name: SnakeCase<'limitRequestFieldSize'> = 'limit_request_field_size'
  t.equal(snakeCase('limitRequestFieldSize'), name)
  t.equal(snakeCase('app'), 'app')
  t.same(
    [...bothSpellings(['app', 'postFork'])],
    [
      ['app', 'app'],
      ['postFork', 'postFork'],
      ['post_fork', 'postFork'],
    ],
  )
})

t.test('the distance counts letters put in, left out, replaced and swapped', async t => {
  t.equal(editDistance('workers', 'workers'), 0)
  t.equal(editDistance('worker', 'workers'), 1)
  t.equal(editDistance('wrokers', 'workers'), 1)
  t.equal(editDistance('wokkers', 'workers'), 1)
  t.equal(editDistance('', 'abc'), 3)
  t.equal(editDistance('kitten', 'sitting'), 3)
})

t.test('the nearest name, or none', async t => {
  const known = ['workers', 'workerClass', 'timeout', 'postFork', 'post_fork']
  t.equal(nearest('wrokers', known), 'workers')
  t.equal(nearest('worker', known), 'workers')
  t.equal(nearest('time_out', known), 'timeout')
  t.equal(nearest('post_frok', ['timeout', 'post_fork']), 'post_fork')
  t.equal(nearest('colour', known), undefined)
  t.equal(nearest('x', known), undefined)
})

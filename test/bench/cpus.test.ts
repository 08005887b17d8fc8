import t from 'tap'
import { parseCpus, pinned } from './cpus.js'

t.test('a list of CPUs has numbers and ranges', async t => {
  t.same(parseCpus('0-1'), [0, 1])
  t.same(parseCpus('3'), [3])
  t.same(parseCpus('0-2,5,8-9'), [0, 1, 2, 5, 8, 9])
})

t.test('a command is pinned to one CPU', async t => {
  t.same(pinned(['wrk', '-t1'], 3), ['taskset', '--cpu-list', '3', 'wrk', '-t1'])
})

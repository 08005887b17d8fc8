import t from 'tap'
import { parseH2load } from './h2load.js'

const output = (counts: string): string => `starting benchmark...
Application protocol: h2

finished in 2.00s, 19793.50 req/s, 1.05MB/s
requests: ${counts}
status codes: 39587 2xx, 0 3xx, 0 4xx, 0 5xx
`

t.test('the rate and the number of requests', async t => {
  const counts = '39587 total, 39747 started, 39587 done, 39587 succeeded, 0 failed, 0 errored, 0 timeout'
  t.same(parseH2load(output(counts)), { perSecond: 19793.5, requests: 39587 })
})

t.test('a run with failures has no result', async t => {
  const failed = '10 total, 10 started, 10 done, 9 succeeded, 1 failed, 1 errored, 0 timeout'
  t.throws(() => parseH2load(output(failed)), /1 failed/)
  const none = '0 total, 10 started, 0 done, 0 succeeded, 0 failed, 0 errored, 0 timeout'
  t.throws(() => parseH2load(output(none)), /no request was answered/)
  t.throws(() => parseH2load('could not connect'), /no result/)
})

import t from 'tap'
import { parseForgiving, parseWrk } from './wrk.js'

const output = (more = ''): string => `Running 2s test @ http://127.0.0.1:8000/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.21ms    1.02ms  20.99ms   92.10%
    Req/Sec    19.93k     2.20k   22.51k    80.00%
  39657 requests in 2.00s, 6.92MB read
${more}Requests/sec:  19793.04
Transfer/sec:      3.45MB
`

t.test('the rate and the number of requests', async t => {
  t.same(parseWrk(output()), { perSecond: 19793.04, requests: 39657 })
})

t.test('a run with errors has no result', async t => {
  t.throws(() => parseWrk(output('  Non-2xx or 3xx responses: 12\n')), /Non-2xx or 3xx responses: 12/)
  const errors = '  Socket errors: connect 0, read 3, write 0, timeout 0\n'
  t.throws(() => parseWrk(output(errors)), /read 3/)
  t.match(parseWrk(output(errors), true), { requests: 39657 }, 'but for those that are expected')
  t.throws(() => parseWrk(output(errors.replace('timeout 0', 'timeout 1')), true), /timeout 1/)
  t.throws(() => parseWrk('unable to connect'), /no result/)
  t.throws(() => parseWrk(output().replace('39657 requests', '0 requests')), /no request was answered/)
})

t.test('errors that are forgiven are counted', async t => {
  t.equal(parseForgiving(output()).failures, 0)
  const errors = '  Socket errors: connect 1, read 3, write 0, timeout 2\n  Non-2xx or 3xx responses: 12\n'
  t.same(parseForgiving(output(errors)), { perSecond: 19793.04, requests: 39657, failures: 18 })
  t.throws(() => parseForgiving('unable to connect'), /no result/)
})

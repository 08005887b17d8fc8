import t from 'tap'
import type { Snapshot } from '../../config/hooks.js'
import { History } from '../../lib/control/dashboard/history.js'

const MEGABYTE = 1024 * 1024

t.test('the history of a server has an hour, and of 32 workers at most', async t => {
  let turn = 0
  const figures = { requests: 0, inFlight: 0, connections: 0, utilisation: 0.25, rss: 64 * MEGABYTE }
  const worker = (index: number, age: number) => ({ index, age, ...(age < 100 && { figures }) })
  const read = () =>
    ({
      workers: [
        worker(0, 1),
        worker(0, 100),
        ...Array.from({ length: 40 }, (_, index) => worker(index + 1, index + 2)),
      ],
      counters: {
        requests: 100 * turn,
        responses: { '5xx': 0 },
        latency: { count: 100 * turn, sum: 0, buckets: turn === 0 ? [] : [[64, 100 * turn]] },
      },
    }) as unknown as Snapshot
  const end = new AbortController()
  const history = new History(read, end.signal)
  history.sample()
  t.match(history.after(0), [{ number: 1, requests: 0, p50: null, p99: null }], 'nothing has happened')
  for (turn = 1; turn < 400; turn++) history.sample()
  end.abort()
  const points = history.after(0)
  t.equal(points.length, 360)
  t.same([points[0]?.number, points.at(-1)?.number], [41, 400])
  t.same(
    history.after(398).map(({ number }) => number),
    [399, 400],
  )
  const { workers = [], p50, requests = 0 } = points.at(-1) ?? {}
  t.ok(requests > 0)
  t.equal(p50, 0.132, 'in milliseconds')
  t.equal(workers.length, 32)
  t.same(workers[0], [0, 0.25, 64], 'its replacement has no figures yet')
})

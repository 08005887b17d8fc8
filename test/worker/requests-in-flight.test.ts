import { runInThisContext } from 'node:vm'
import t, { type Test } from 'tap'
import type { NodeHandler } from '../../lib/gateway/node/target.js'
import { now } from '../../lib/sys/clock.js'
import {
  inFlightText,
  publishRequests,
  requestsInFlight,
  TABLE_EXPRESSION,
} from '../../lib/worker/requests-in-flight.js'
import { serve } from '../gateway/serve.js'
import { head } from '../helpers/raw.js'
import { until } from '../helpers/until.js'

/** Requests that an application leaves unanswered; of each, the target and its age in milliseconds. */
async function running(t: Test, requests: readonly [url: string, age?: number][], application: unknown = waits) {
  const server = await serve(t, application, { interface: 'node' })
  const client = await server.connect()
  client.write(requests.map(([url]) => head(url)).join(''))
  await until('all are there', () => server.exchanges.length === requests.length)
  for (const [i, [, age = 0]] of requests.entries()) {
    Object.assign(server.exchanges[i] ?? {}, { startedAt: now() - age })
  }
  return server.requests
}

const waits: NodeHandler = () => {}

t.test('method, path without the query, and age', async t => {
  const { inFlight, requests } = requestsInFlight(await running(t, [['/a?token=1', 2000], ['/b']]))
  t.equal(inFlight, 2)
  t.match(requests, [
    { method: 'GET', path: '/a' },
    { method: 'GET', path: '/b' },
  ])
  t.ok((requests[0]?.age ?? 0) >= 2000)
  t.ok((requests[1]?.age ?? 2000) < 2000)
})

t.test('the path that the client asked for, though a router has cut it', async t => {
  const mount: NodeHandler = req => {
    req.url = '/rest'
  }
  t.match(requestsInFlight(await running(t, [['/mount/rest?a=b']], mount)).requests, [{ path: '/mount/rest' }])
})

t.test('as much as a line of the log has room for', async t => {
  const many = Array.from({ length: 30 }, (_, i): [string] => [`/${i}${'x'.repeat(500)}`])
  const { inFlight, requests } = requestsInFlight(await running(t, many))
  t.equal(inFlight, 30)
  t.equal(requests.length, 10)
  t.match(requests[0]?.path, /^\/0x{198}$/)
})

t.test('in words', async t => {
  const text = (inFlight: number) => inFlightText({ inFlight, requests: [] })
  t.same([0, 1, 2].map(text), ['no requests in flight', '1 request in flight', '2 requests in flight'])
})

t.test('the table is found by its expression, and hidden else', async t => {
  t.equal(runInThisContext(TABLE_EXPRESSION), undefined, 'before there is one')
  publishRequests(await running(t, [['/a']]))
  t.match(runInThisContext(TABLE_EXPRESSION), { inFlight: 1, requests: [{ path: '/a' }] })
  t.same(
    Object.keys(globalThis).filter(key => /request/i.test(key)),
    [],
  )
})

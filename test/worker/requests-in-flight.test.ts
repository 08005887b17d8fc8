import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { runInThisContext } from 'node:vm'
import t from 'tap'
import { createExchange, type Exchange } from '../../lib/http/exchange.js'
import { now } from '../../lib/sys/clock.js'
import { LinkedList } from '../../lib/sys/linked-list.js'
import {
  inFlightText,
  publishRequests,
  requestsInFlight,
  TABLE_EXPRESSION,
} from '../../lib/worker/requests-in-flight.js'

function exchange(url: string, age = 0): Exchange {
  const req = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url })
  return { ...createExchange(req, new ServerResponse(req)), startedAt: now() - age }
}

function running(...exchanges: Exchange[]): LinkedList<Exchange> {
  const list = new LinkedList<Exchange>()
  for (const each of exchanges) list.add(each)
  return list
}

t.test('method, path without the query, and age', async t => {
  const { inFlight, requests } = requestsInFlight(running(exchange('/a?token=1', 2000), exchange('/b')))
  t.equal(inFlight, 2)
  t.match(requests, [
    { method: 'GET', path: '/a' },
    { method: 'GET', path: '/b' },
  ])
  t.ok((requests[0]?.age ?? 0) >= 2000)
  t.ok((requests[1]?.age ?? 2000) < 2000)
})

t.test('the path that the client asked for, where a router has cut it', async t => {
  const mounted = exchange('/rest')
  Object.assign(mounted.req, { originalUrl: '/mount/rest?a=b' })
  t.match(requestsInFlight(running(mounted)).requests, [{ path: '/mount/rest' }])
})

t.test('as much as a line of the log has room for', async t => {
  const many = Array.from({ length: 30 }, (_, i) => exchange(`/${i}${'x'.repeat(500)}`))
  const { inFlight, requests } = requestsInFlight(running(...many))
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
  publishRequests(running(exchange('/a')))
  t.match(runInThisContext(TABLE_EXPRESSION), { inFlight: 1, requests: [{ path: '/a' }] })
  t.same(
    Object.keys(globalThis).filter(key => /request/i.test(key)),
    [],
  )
})

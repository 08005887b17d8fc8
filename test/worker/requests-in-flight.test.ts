import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { runInThisContext } from 'node:vm'
import t from 'tap'
import { RequestHead } from '../../lib/http/head.js'
import { headOf } from '../../lib/http/node/node-exchange.js'
import { now } from '../../lib/sys/clock.js'
import {
  inFlightText,
  publishRequests,
  requestsInFlight,
  TABLE_EXPRESSION,
} from '../../lib/worker/requests-in-flight.js'

interface Request {
  readonly head: RequestHead
  readonly startedAt: number
}

function request(url: string, age = 0): Request {
  return { head: new RequestHead({ method: 'GET', url, httpVersion: '1.1' }, []), startedAt: now() - age }
}

function running(...requests: Request[]): ReadonlySet<Request> {
  return new Set(requests)
}

t.test('method, path without the query, and age', async t => {
  const { inFlight, requests } = requestsInFlight(running(request('/a?token=1', 2000), request('/b')))
  t.equal(inFlight, 2)
  t.match(requests, [
    { method: 'GET', path: '/a' },
    { method: 'GET', path: '/b' },
  ])
  t.ok((requests[0]?.age ?? 0) >= 2000)
  t.ok((requests[1]?.age ?? 2000) < 2000)
})

t.test('the path that the client asked for, if a router has cut it since', async t => {
  const req = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/mount/rest?a=b' })
  const mounted: Request = { head: headOf(req), startedAt: now() }
  Object.assign(req, { url: '/rest?a=b', originalUrl: req.url })
  t.match(requestsInFlight(running(mounted)).requests, [{ path: '/mount/rest' }])
})

t.test('as much as a line of the log has room for', async t => {
  const many = Array.from({ length: 30 }, (_, i) => request(`/${i}${'x'.repeat(500)}`))
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
  publishRequests(running(request('/a')))
  t.match(runInThisContext(TABLE_EXPRESSION), { inFlight: 1, requests: [{ path: '/a' }] })
  t.same(
    Object.keys(globalThis).filter(key => /request/i.test(key)),
    [],
  )
})

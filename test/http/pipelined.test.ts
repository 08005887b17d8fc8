import t from 'tap'
import type { HttpEvents } from '../../lib/http/engine.js'
import type { Exchange } from '../../lib/http/exchange.js'
import type { Refusal } from '../../lib/http/refusal.js'
import { POLICY } from '../gateway/serve.js'
import { NodeHost } from '../gateway/socket-host.js'
import { atEnd } from '../helpers/at-end.js'
import { head, Raw } from '../helpers/raw.js'
import { until } from '../helpers/until.js'

// node:http makes a request and a response of all that a client pipelines, and reads on while they wait.

const MOST = 1000

t.test('the engine on node:http takes a thousand requests of a connection that wait, and then no more', async t => {
  const exchanges: Exchange[] = []
  const refusals: Refusal[] = []
  const events: HttpEvents = {
    request: exchange => void exchanges.push(exchange),
    finished: () => {},
    upgraded: () => {},
    disconnected: () => {},
    refused: refusal => void refusals.push(refusal),
    failed: () => {},
  }
  const host = new NodeHost(POLICY, events, undefined)
  host.open()
  atEnd(t, () => host.close())
  const client = new Raw(await host.dial())
  client.write(head('/').repeat(3 * MOST))
  await until('there are too many', () => refusals.length > 0)
  client.write(head('/').repeat(20 * MOST))
  t.equal(exchanges.length, MOST)
  for (const { answer } of exchanges) {
    answer.begin({ status: { code: 204, reason: 'No Content' }, fields: [], contentLength: -1, ascii: true }, 0)
    answer.end()
  }
  const text = await client.all()
  t.equal(text.split('HTTP/1.1 204 ').length - 1, MOST)
  t.match(text, /HTTP\/1\.1 429 .*Connection: close.*Too Many Requests$/s)
  t.same(refusals, [{ status: 429, why: '1000 requests wait on one connection' }])
})

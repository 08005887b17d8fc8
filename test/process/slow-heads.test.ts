import t from 'tap'
import { Client } from '../helpers/http.js'
import { peakOf } from '../helpers/process.js'
import { connectRaw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'

const HEADS = 1000
const MB = 2 ** 20
/** Of each head, in bytes: 196 MB in all. */
const SENT = `GET / HTTP/1.1\r\nHost: a\r\n${`X: ${'x'.repeat(8000)}\r\n`.repeat(24)}`
/** For the connections, what comes between two looks, and garbage. Without the limit it is 200 MB. */
const GROWTH = 120 * MB

t.test('1000 heads that do not end cost a worker no more than limitRequestHeads', async t => {
  const args = ['--worker-connections', '2000', '--header-timeout', '60s', '--limit-request-heads', '4mb']
  const server = await startServer(t, { args })
  const client = new Client(t, server.target)
  t.equal((await client.get()).status, 200)
  const before = peakOf(server.worker())
  const refusals: Promise<string>[] = []
  for (let count = 0; count < HEADS; count++) {
    const raw = await connectRaw(t, server.target)
    raw.write(SENT)
    refusals.push(raw.until(/^HTTP\/1\.1 431 /))
  }
  t.match(await Promise.race(refusals), /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
  t.equal((await client.get()).status, 200)
  t.ok(peakOf(server.worker()) - before < GROWTH, `grown by ${(peakOf(server.worker()) - before) / MB} MB`)
  for (const refusal of refusals) refusal.catch(() => {})
})

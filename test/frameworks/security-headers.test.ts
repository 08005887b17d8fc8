import t from 'tap'
import { Client } from '../helpers/http.js'
import { connectRaw, head } from '../helpers/raw.js'
import { startExample } from './example.js'

/** What helmet and the examples agree on. */
const HEADERS = {
  'content-security-policy': /default-src 'self'.*frame-ancestors 'self'/,
  'strict-transport-security': /^max-age=31536000; includeSubDomains$/,
  'x-content-type-options': /^nosniff$/,
}

const EXAMPLES = [
  { script: 'helmet.js', referrer: 'no-referrer', missing: 404 },
  { script: 'wsgi.js', referrer: 'same-origin', missing: 200 },
  { script: 'node.js', referrer: 'same-origin', missing: 200 },
] as const

for (const { script, referrer, missing } of EXAMPLES) {
  for (const workerClass of ['async', 'sync']) {
    t.test(`${script}, ${workerClass}`, async t => {
      const args = ['--worker-class', workerClass]
      const server = await startExample(t, { folder: 'security-headers', script }, { workers: 2, args })
      const client = new Client(t, server.target)
      const page = await client.get()
      t.match(page, { status: 200, body: '<p>Hello, world!</p>', headers: HEADERS })
      t.equal(page.headers['referrer-policy'], referrer)
      t.match(await client.get('/elsewhere'), { status: missing, headers: { 'x-content-type-options': 'nosniff' } })
      // What the application never sees is answered by the server.
      const refused = await connectRaw(t, server.target)
      refused.write(head('/').replace('Host: test\r\n', ''))
      t.match(await refused.all(), /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close\r\n/)
    })
  }
}

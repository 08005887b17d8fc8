import { createHash } from 'node:crypto'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { fixture, startPython } from '../helpers/python.js'

const WAYS = ['all', 'sizes', 'lines', 'hint', 'iterate', 'into', 'wrapped', 'buffered']
/** Around what travels with the request, what Python asks for at once, and what stays in memory. */
const SIZES = [0, 1, 999, 65_535, 65_536, 65_537, 262_144, 1_048_576, 1_048_577, 3_000_000]

/** Lines of all lengths. */
function bodyOf(size: number): Buffer {
  const body = Buffer.alloc(size)
  for (let i = 0; i < size; i++) body[i] = (i * 7919) % 251
  for (let i = 10; i < size; i += 1 + ((i * 31) % 997)) body[i] = 10
  return body
}

t.test('every way to read wsgi.input gives the whole body, and nothing after it', async t => {
  const server = await startPython(t, fixture('contract.py'))
  const client = new Client(t, server.target, { keepAlive: true })
  for (const size of SIZES) {
    const body = bodyOf(size)
    const wanted = { digest: createHash('sha256').update(body).digest('hex'), size, length: String(size), coding: null }
    for (const way of WAYS) {
      for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
        if (size === 3_000_000 && way !== 'all' && 'Transfer-Encoding' in headers) continue
        const reply = await client.get(`/ways?${way}`, { method: 'POST', body, headers })
        t.match(JSON.parse(reply.body), wanted, `${way}, ${size} bytes ${JSON.stringify(headers)}`)
      }
    }
  }
})

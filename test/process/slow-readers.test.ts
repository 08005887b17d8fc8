import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { connectRaw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'

const MB = 2 ** 20
const READERS = 8

/** Each answer is more than a kernel takes for a client that does not read. */
const APP = `const large = Buffer.alloc(${16 * MB}, 1)
function* stream() {
  for (let count = 0; count < 4; count++) yield large
}
export function wsgi(environ, startResponse) {
  startResponse('200 OK', [])
  if (environ.PATH_INFO === '/stream') return stream()
  return environ.PATH_INFO === '/large' ? [large] : ['small']
}
export const fetch = request => new Response(new URL(request.url).pathname === '/large' ? large : 'small')
export const node = (req, res) => res.end(req.url === '/large' ? large : 'small')
`

for (const face of ['wsgi', 'fetch', 'node']) {
  t.test(`sync, ${face}: clients that do not read hold no worker, and get all of it when they do`, async t => {
    const args = ['--worker-class', 'sync', '--interface', face, '--timeout', '2']
    const server = await startServer(t, { app: APP, spec: `app:${face}`, args })
    const client = new Client(t, server.target)
    const readers = await Promise.all(Array.from({ length: READERS }, () => connectRaw(t, server.target)))
    for (const { socket } of readers) socket.pause()
    for (const raw of readers) raw.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n')
    for (let count = 0; count < 20; count++) t.equal((await client.get('/small')).body, 'small')
    for (const { socket } of readers) socket.resume()
    const texts = await Promise.all(readers.map(raw => raw.all()))
    t.ok(texts.every(text => text.length > 16 * MB))
    t.equal(server.everyWorker.length, 1, 'the worker was not taken for hung')
  })
}

t.test('sync: an application that waits for its client is not taken for hung', async t => {
  const args = ['--worker-class', 'sync', '--timeout', '3']
  const server = await startServer(t, { app: APP, spec: 'app:wsgi', args })
  const reader = await connectRaw(t, server.target)
  reader.socket.pause()
  reader.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n')
  await pause(6000)
  reader.socket.resume()
  t.ok((await reader.all()).length > 64 * MB)
  t.equal(server.everyWorker.length, 1)
})

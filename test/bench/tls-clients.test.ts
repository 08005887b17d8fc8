import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { makeCertificate } from '../helpers/certificates.js'
import { shortDir } from '../helpers/short-dir.js'
import { CLIENTS, returning, VISITS } from './returning-clients.js'
import { fullHandshakes } from './s-time.js'

t.test('clients that shake hands anew, and clients that come back', async t => {
  const { cert, key } = makeCertificate(shortDir(t), { name: 'localhost' })
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_req, res) => res.end('hello'))
  let connections = 0
  let reused = 0
  server.on('secureConnection', socket => {
    connections++
    if (socket.isSessionReused()) reused++
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  atEnd(t, () => server.close())
  const { port } = server.address() as AddressInfo
  const { signal } = new AbortController()
  const { requests, perSecond } = await fullHandshakes({ host: '127.0.0.1', port }, 1, signal)
  t.ok(requests > 0 && requests <= connections && perSecond > 0)
  t.equal(reused, 0, 'no session is gone on with')
  t.equal(await returning(port, signal), 1)
  t.equal(reused, CLIENTS * VISITS)
})

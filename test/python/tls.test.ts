import { once } from 'node:events'
import { request } from 'node:https'
import t from 'tap'
import { WebSocket } from 'ws'
import { atEnd } from '../helpers/at-end.js'
import { makeCertificate } from '../helpers/certificates.js'
import { fixture, startPython } from '../helpers/python.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { ask, closing } from '../helpers/web-socket.js'

const directory = shortDir(t)
const own = makeCertificate(directory, { name: 'localhost' })
const TLS = ['--certfile', own.cert, '--keyfile', own.key]
const TRUSTING = { rejectUnauthorized: false }

/** Behind the scheme. */
function addressOf({ target }: Server): string {
  return 'port' in target ? `${target.host}:${target.port}` : ''
}

/** @returns the body of the answer */
function get(server: Server, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(`https://${addressOf(server)}${path}`, { ...TRUSTING, agent: false }, res => {
      let text = ''
      res.setEncoding('utf8').on('data', part => {
        text += part
      })
      res.on('error', reject).on('end', () => resolve(text))
    })
    asked.on('error', reject).end()
  })
}

t.test('WSGI behind TLS: what the environ has', async t => {
  const server = await startPython(t, fixture('contract.py'), { args: TLS })
  t.match(JSON.parse(await get(server, '/environ')), {
    'wsgi.url_scheme': 'https',
    HTTPS: 'on',
    SSL_PROTOCOL: 'TLSv1.3',
    SSL_CLIENT_VERIFY: 'NONE',
    SERVER_PORT: String(new URL(`https://${addressOf(server)}`).port),
  })
})

t.test('ASGI behind TLS', async t => {
  const server = await startPython(t, fixture('asgi.py'), { args: TLS })
  t.match(JSON.parse(await get(server, '/scope')), { scheme: 'https', type: 'http' })
})

t.test('WebSockets of an ASGI application behind TLS', async t => {
  const server = await startPython(t, fixture('websocket.py'), { args: TLS })
  const socket = new WebSocket(`wss://${addressOf(server)}/echo`, TRUSTING)
  atEnd(t, () => socket.terminate())
  const [[answer]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'open')])
  t.equal(answer.headers['x-scheme'], 'wss')
  t.equal(String(await ask(socket, 'hello')), 'hello')
  const large = Buffer.alloc(3_000_000, 'x')
  t.ok((await ask(socket, large)).equals(large))
  const code = closing(socket)
  socket.send('close')
  t.equal(await code, 4001)
})

import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { startPython } from '../helpers/python.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'

/** Connections one after the other. */
const COUNT = 50
/** A client that goes on sending would be listened to for 30 s. */
const LINGERS = 15_000

const WSGI = `
export const application = (environ, start) => {
  start('200 OK', [['content-length', '5']])
  return ['hello']
}
`
const NODE = `export const application = (req, res) => res.end('hello')`
const PYTHON = `
def application(environ, start_response):
    start_response('200 OK', [('content-length', '5')])
    return [b'hello']
`

const directory = shortDir(t)
const own = makeCertificate(directory, { name: 'localhost' })
const TLS = ['--certfile', own.cert, '--keyfile', own.key]

/** @returns a connection whose own side stays open behind the end of the other */
function open(server: Server): TLSSocket {
  const port = 'port' in server.target ? server.target.port : 0
  const options = { host: '127.0.0.1', port, rejectUnauthorized: false, allowHalfOpen: true }
  return connect(options)
}

/** @param rest  of the request, behind the first lines @returns what came until the server's close_notify */
async function ask(socket: TLSSocket, rest = '\r\n'): Promise<string> {
  let text = ''
  socket.on('data', part => {
    text += String(part)
  })
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${rest}`)
  await new Promise((resolve, reject) => socket.once('end', resolve).once('error', reject))
  return text
}

/** Sends until the server's system says that nobody listens any more. @returns after how many milliseconds */
async function untilClosed(socket: TLSSocket): Promise<number> {
  const start = performance.now()
  const sending = setInterval(() => socket.write('x'), 5)
  socket.on('error', () => {})
  if (!socket.destroyed) await new Promise(resolve => socket.once('close', resolve))
  clearInterval(sending)
  return performance.now() - start
}

async function closes(t: Test, server: Server): Promise<void> {
  let whole = 0
  for (let i = 0; i < COUNT; i++) {
    const socket = open(server)
    if (/^HTTP\/1\.1 200 [\s\S]*hello/.test(await ask(socket))) whole++
    socket.destroy()
  }
  t.equal(whole, COUNT, 'every answer is whole, and ends by an alert')
  const socket = open(server)
  await ask(socket)
  t.ok((await untilClosed(socket)) < LINGERS, 'nobody is listened to behind a request that was whole')
  const size = 4_000_000
  const sender = open(server)
  const answer = await ask(sender, `Content-Length: ${size}\r\n\r\n${'x'.repeat(size)}`)
  sender.destroy()
  t.match(answer, /^HTTP\/1\.1 200 [\s\S]*hello/, 'an answer in front of a body that nobody reads is not lost')
  t.equal(server.logged(/^Worker ready/).length, 1, 'one worker has served all')
}

for (const kind of ['async', 'sync']) {
  t.test(`node, ${kind}`, async t => {
    const args = [...TLS, '--interface', 'node', '-k', kind]
    await closes(t, await startServer(t, { app: NODE, args }))
  })
  for (const engine of ['native', 'node']) {
    t.test(`wsgi on the engine ${engine}, ${kind}`, async t => {
      const args = [...TLS, '--interface', 'wsgi', '--http-engine', engine, '-k', kind]
      await closes(t, await startServer(t, { app: WSGI, args }))
    })
  }
}

t.test('Python', async t => {
  await closes(t, await startPython(t, PYTHON, { args: TLS }))
})

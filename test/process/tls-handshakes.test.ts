import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { connect } from 'node:tls'
import t from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { makeCertificate } from '../helpers/certificates.js'
import { connectRaw, type Raw } from '../helpers/raw.js'
import { requireCommand } from '../helpers/require-command.js'
import { spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'

const directory = shortDir(t)
const own = makeCertificate(directory, { name: 'localhost' })
const TLS = ['--certfile', own.cert, '--keyfile', own.key]

/** The beginning of a ClientHello. */
const HELLO = Buffer.from('160301020001000001fc0303', 'hex')

/** @returns an answer by TLS */
async function answerOf(server: Server): Promise<string> {
  const port = 'port' in server.target ? server.target.port : 0
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  let text = ''
  socket.setEncoding('latin1').on('data', part => {
    text += part
  })
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await new Promise((resolve, reject) => socket.once('end', resolve).once('error', reject))
  socket.destroy()
  return text
}

for (const kind of ['async', 'sync']) {
  t.test(`${kind}: half of the connections may be in a handshake, and for one more the oldest gives way`, async t => {
    const limits = ['--worker-connections', '6', '--handshake-timeout', '60s', '-k', kind]
    const server = await startServer(t, { args: [...TLS, ...limits] })
    const silent: Raw[] = []
    for (let i = 0; i < 4; i++) {
      const raw = await connectRaw(t, server.target)
      raw.write(HELLO)
      silent.push(raw)
    }
    await silent[0]?.ending
    t.match(await answerOf(server), /^HTTP\/1\.1 200 /, 'others are served')
    await silent[1]?.ending
    t.same(
      silent.map(({ socket }) => socket.closed),
      [true, true, false, false],
    )
  })
}

t.test('sockets of TLS have one hidden class of V8, without which everything on them is slow', async t => {
  const app = `
    import { setFlagsFromString } from 'node:v8'
    setFlagsFromString('--allow-natives-syntax')
    const areAlike = new Function('a', 'b', 'return %HaveSameMap(a, b)')
    const sockets = []
    export const application = (req, res) => {
      sockets.push(req.socket)
      res.end()
      const [first, ...others] = sockets.slice(-4)
      if (sockets.length > 20) setImmediate(() => console.error('alike: ' + others.map(other => areAlike(first, other))))
    }`
  const server = await startServer(t, { app, args: [...TLS, '--interface', 'node'] })
  const port = 'port' in server.target ? server.target.port : 0
  for (let i = 0; i < 21; i++) {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    atEnd(t, () => socket.destroy())
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'data')
  }
  const { msg } = await server.log(/^alike: /)
  t.equal(msg, 'alike: true,true,true')
})

for (const engine of ['native', 'node']) {
  t.test(`TLS at a listener without it, on the engine ${engine}`, async t => {
    const app = `export const application = (environ, start) => { start('200 OK', []); return ['hello'] }`
    const args = ['--interface', 'wsgi', '--http-engine', engine, '--log-level', 'debug']
    const server = await startServer(t, { app, args })
    await t.rejects(answerOf(server), /wrong version number/i)
    const raw = await connectRaw(t, server.target)
    raw.write(HELLO)
    t.match(await raw.until(/\r\n\r\n/), /^HTTP\/1\.1 400 /, 'also if no line of it is complete')
    await server.log(/^Refused: TLS at a listener without it$/, { count: 2 })
  })
}

t.test('a key that may not be read', async t => {
  const through = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  requireCommand([...through, 'true'])
  chmodSync(own.cert, 0o644)
  chmodSync(directory, 0o755)
  chmodSync(own.key, 0o600)
  const server = spawnServer(t, { args: TLS, through })
  t.equal((await server.ended()).code, 1)
  const said = server.lines.map(({ msg }) => msg).join('\n')
  t.match(said, /keyfile: .*localhost\.key may not be read by this user \(EACCES\)/)
})

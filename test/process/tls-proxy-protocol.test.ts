import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { connect as secure } from 'node:tls'
import t, { type Test } from 'tap'
import { accessLine, accessLines, JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { atEnd } from '../helpers/at-end.js'
import { makeCertificate } from '../helpers/certificates.js'
import { connectRaw, Raw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { tlv, version2 } from '../http/proxy-protocol/headers.js'

const APPS = {
  wsgi: `
    export const application = (environ, start) => {
      start('200 OK', [])
      const { REMOTE_ADDR, REMOTE_PORT, HTTPS, SSL_PROTOCOL, PROXY_ADDR } = environ
      return [JSON.stringify({ REMOTE_ADDR, REMOTE_PORT, scheme: environ['wsgi.url_scheme'], HTTPS, SSL_PROTOCOL, PROXY_ADDR })]
    }`,
  node: `
    export const application = (req, res) => {
      const { remoteAddress: REMOTE_ADDR, remotePort: REMOTE_PORT, encrypted } = req.socket
      const SSL_PROTOCOL = req.socket.getProtocol()
      res.end(JSON.stringify({ REMOTE_ADDR, REMOTE_PORT: String(REMOTE_PORT), scheme: encrypted ? 'https' : 'http', SSL_PROTOCOL }))
    }`,
}

const directory = shortDir(t)
const own = makeCertificate(directory, { name: 'localhost' })
const TLS = ['--certfile', own.cert, '--keyfile', own.key]

/** Behind a proxy that may send headers, and one that may not. */
const PROXY = '127.0.0.1'
const STRANGER = '127.0.0.9'

const LINE = Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n')
const BINARY = version2({ tlvs: [tlv(2, 'shop.example')], withChecksum: true })
const LOCAL = version2({ command: 0x20 })
const CLIENT = { REMOTE_ADDR: '192.0.2.1', REMOTE_PORT: '4711', scheme: 'https', SSL_PROTOCOL: 'TLSv1.3' }
const NONE = Buffer.alloc(0)

type Cut = (bytes: Buffer) => readonly Buffer[]
const whole: Cut = bytes => [bytes]
const bytewise: Cut = bytes => [...bytes].map(byte => Buffer.from([byte]))

function open(server: Server, localAddress: string): Socket {
  const port = 'port' in server.target ? server.target.port : 0
  return connect({ port, host: '127.0.0.1', localAddress }).setNoDelay()
}

/** Sends one piece behind the other, each in a packet of its own. */
async function send(socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    socket.write(piece)
    await new Promise(setImmediate)
  }
}

/** The bytes of a client of TLS, whose first ones leave together with `header`, or torn. */
function withHeader(raw: Socket, header: Buffer, cut: Cut): Duplex {
  let first = header
  const duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const bytes = Buffer.concat([first, chunk])
      const pieces = first.length > 0 ? cut(bytes) : [bytes]
      first = NONE
      void send(raw, pieces).then(() => done())
    },
    final: done => void raw.end(() => done()),
    destroy: (error, done) => done(raw.destroy() && error),
  })
  raw.on('data', bytes => duplex.push(bytes)).on('end', () => duplex.push(null))
  raw.on('error', error => duplex.destroy(error))
  return duplex
}

interface Asking {
  readonly header?: Buffer
  readonly cut?: Cut
  readonly from?: string
  readonly path?: string
}

/** @returns the body of the answer */
async function ask(server: Server, { header = NONE, cut = whole, from = PROXY, path = '/' }: Asking): Promise<string> {
  const raw = open(server, from)
  const socket = secure({ socket: withHeader(raw, header, cut), rejectUnauthorized: false })
  let answer = ''
  socket.setEncoding('latin1').on('data', part => {
    answer += part
  })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  await once(socket, 'end')
  socket.destroy()
  return answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

/** The same by HTTP/2. */
async function askHttp2(server: Server, header: Buffer): Promise<string> {
  const raw = withHeader(open(server, PROXY), header, whole)
  const session = connectHttp2('https://a', {
    createConnection: () => secure({ socket: raw, rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
  })
  const stream = session.request({ ':path': '/' })
  const body = await text(stream)
  session.destroy()
  return body
}

/** @returns the answer in the clear to bytes that no handshake follows */
async function refusal(t: Test, server: Server, bytes: Buffer | string, from = PROXY): Promise<string> {
  const client = new Raw(open(server, from))
  atEnd(t, () => client.socket.destroy())
  client.write(bytes)
  return client.until(/\r\n\r\n/)
}

for (const [face, engine] of [
  ['wsgi', 'native'],
  ['wsgi', 'node'],
  ['node', 'node'],
] as const) {
  t.test(`${face} on the engine ${engine}`, async t => {
    const common = [...TLS, '--http2', '--interface', face, '--http-engine', engine, '--proxy-allow-from', PROXY]
    const args = [...common, '--proxy-protocol', 'auto', '--log-level', 'debug', ...JSON_ACCESS_LOG]
    const server = await startServer(t, { app: APPS[face], args })
    const told = face === 'wsgi' ? { ...CLIENT, HTTPS: 'on', PROXY_ADDR: '198.51.100.1' } : CLIENT
    for (const header of [LINE, BINARY]) {
      for (const cut of [whole, bytewise, (bytes: Buffer) => [header, bytes.subarray(header.length)]]) {
        t.match(JSON.parse(await ask(server, { header, cut })), told)
      }
    }
    t.match(JSON.parse(await ask(server, { header: LOCAL })), { REMOTE_ADDR: PROXY, scheme: 'https' }, 'of the proxy')
    t.match(JSON.parse(await ask(server, {})), { REMOTE_ADDR: PROXY, scheme: 'https' }, 'auto does without')
    t.match(JSON.parse(await ask(server, { from: STRANGER })), { REMOTE_ADDR: STRANGER, scheme: 'https' })
    if (face === 'wsgi') t.match(JSON.parse(await askHttp2(server, BINARY)), told, 'HTTP/2')
    await ask(server, { header: LINE, path: '/logged' })
    t.equal((await accessLine(server, '/logged')).remoteAddress, '192.0.2.1')

    t.match(await refusal(t, server, LINE, STRANGER), /^HTTP\/1\.1 403 /, 'of a stranger')
    t.match(await refusal(t, server, BINARY, STRANGER), /^HTTP\/1\.1 403 /)
    t.match(await refusal(t, server, 'PROXY TCP4 somewhere\r\n'), /^HTTP\/1\.1 400 /)
    t.match(await refusal(t, server, `PROXY TCP4 ${'\xff'.repeat(64 * 1024)}\r\n`), /^HTTP\/1\.1 400 /)
    t.match(await refusal(t, server, `${LINE}GET / HTTP/1.1\r\nHost: a\r\n\r\n`), /^HTTP\/1\.1 400 /, 'plain HTTP')
    const torn = await connectRaw(t, server.target)
    torn.write('PROXY TCP4 192.0')
    torn.socket.end()
    t.match(await torn.all(), /^HTTP\/1\.1 400 /, 'never finished')
    const junk = await connectRaw(t, server.target)
    junk.write(Buffer.concat([BINARY, Buffer.alloc(64 * 1024, 0xff)]))
    await junk.ending
    t.notMatch(junk.text, /^HTTP\/1\.1 2/, 'junk is no handshake')
    t.match(JSON.parse(await ask(server, { header: LINE })), told, 'others are served')
    await server.stop()
    const refused = accessLines(server).filter(({ outcome }) => outcome === 'refused')
    t.same(refused.map(({ status }) => status).sort(), [400, 400, 400, 400, 403, 403])
  })
}

t.test('a sync worker is held by no proxy that is slow; what has to come, and in time', async t => {
  const limits = ['--header-timeout', '1s', '-k', 'sync', '--proxy-allow-from', PROXY]
  const server = await startServer(t, { app: APPS.wsgi, args: [...TLS, '--proxy-protocol', 'v2', ...limits] })
  const slow: Raw[] = []
  for (const bytes of ['', BINARY.subarray(0, 20), BINARY]) {
    const raw = await connectRaw(t, server.target)
    raw.write(bytes)
    slow.push(raw)
  }
  t.match(JSON.parse(await ask(server, { header: BINARY })), CLIENT)
  t.match(await refusal(t, server, LINE), /^HTTP\/1\.1 400 /, 'another version')
  t.match(await refusal(t, server, '\x16\x03\x01\x02\x00\x01'), /^HTTP\/1\.1 400 /, 'no header')
  t.match(await slow[0]?.all(), /^HTTP\/1\.1 408 /)
  t.match(await slow[1]?.all(), /^HTTP\/1\.1 408 /)
  t.equal(slow[2]?.text, '', 'a handshake has its own time')
})

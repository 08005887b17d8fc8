import t, { type Test } from 'tap'
import { ProxyProtocol, type ProxyProtocolSettings } from '../../lib/http/proxy-protocol/proxy-protocol.js'
import { tlv, version2 } from '../http/proxy-protocol/headers.js'
import { bodyOf } from './fetch-scene.js'
import { POLICY, request, type Served, serve, socketTest } from './serve.js'

type Environ = Readonly<Record<string, unknown>>

const NAMES = ['REMOTE_ADDR', 'REMOTE_PORT', 'wsgi.url_scheme', 'PROXY_ADDR', 'PROXY_AUTHORITY']

function environApp(environ: Environ, start: (status: string, headers: string[][]) => void): string[] {
  start('200 OK', [])
  return [NAMES.map(name => environ[name] ?? '').join(' ')]
}

function serving(t: Test, proxyProtocol: ProxyProtocolSettings['proxyProtocol'], others = {}): Promise<Served> {
  const { proxyAllowIps = ['127.0.0.1'], ...policy }: { proxyAllowIps?: string[]; headerTimeout?: number } = others
  return serve(t, environApp, { preface: new ProxyProtocol({ proxyProtocol, proxyAllowIps }), ...policy })
}

const LINE = 'PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n'
const TOLD = '192.0.2.1 4711 http 198.51.100.1 '
const BINARY = version2({ tlvs: [tlv(2, 'shop.example'), tlv(0x20, Buffer.from([1, 0, 0, 0, 0]))], withChecksum: true })
const BINARY_TOLD = '192.0.2.1 4711 https 198.51.100.1 shop.example'
const FIRST = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')

socketTest(t, 'a header comes before the first request', async t => {
  const server = await serving(t, 'auto')
  for (const [header, told] of [
    [Buffer.from(LINE), TOLD],
    [BINARY, BINARY_TOLD],
  ] as const) {
    const client = await server.connect()
    client.write(Buffer.concat([header, FIRST]))
    await client.until(new RegExp(`${told}$`))
    client.write(request())
    const all = await client.all()
    t.same(all.split(told).length, 3, 'each request of the connection has it')
    const torn = await server.connect()
    for (const byte of Buffer.concat([header, Buffer.from(request())])) {
      torn.write(Buffer.from([byte]))
      await new Promise(setImmediate)
    }
    t.equal(bodyOf(await torn.all()), told)
    const apart = await server.connect()
    apart.write(header)
    await server.hasRead(apart, server.sockets.length - 1)
    apart.write(request('POST', ['Content-Length: 3'], 'abc'))
    t.equal(bodyOf(await apart.all()), told)
  }
  t.match(bodyOf(await server.exchange(request())), /^127\.0\.0\.1 \d+ http {2}$/, 'auto does without')
  const local = await server.exchange(version2({ command: 0x20 }).toString('latin1') + request())
  t.match(bodyOf(local), /^127\.0\.0\.1 \d+ http {2}$/, 'of the proxy itself')
  const pipelined = await server.exchange(`${LINE}GET / HTTP/1.1\r\nHost: a\r\n\r\n${request()}`)
  t.equal(pipelined.split(TOLD).length, 3)
})

socketTest(t, 'what is refused', async t => {
  const server = await serving(t, 'v1')
  const status = async (bytes: string): Promise<string | undefined> => (await server.exchange(bytes)).split(' ', 2)[1]
  const junk = `${'\xff'.repeat(64 * 1024)}\r\n`
  t.equal(await status(request()), '400', 'none')
  t.equal(await status(`PROXY TCP4 somewhere\r\n${request()}`), '400')
  t.equal(await status(BINARY.toString('latin1') + request()), '400', 'of another version')
  t.equal(await status(LINE + junk), '400', 'junk behind it')
  t.equal(await status(`PROXY TCP4 ${junk}`), '400')
  t.equal(await status(junk), '400')
  t.equal(await status(LINE + LINE + request()), '400', 'two')
  const torn = await server.connect()
  torn.write('PROXY TCP4 192.0')
  torn.socket.end()
  t.match(await torn.all(), /^HTTP\/1\.1 400 /, 'never finished')
  const silent = await server.connect()
  silent.socket.end()
  t.equal(await silent.all(), '', 'a client that says nothing hears nothing')
  for (const bytes of ['PROXY TCP4 192.0', '', LINE]) {
    const reset = await server.connect()
    reset.write(bytes)
    reset.socket.destroy()
  }
  t.equal(bodyOf(await server.exchange(LINE + request())), TOLD, 'others are served')
  t.equal(server.exchanges.length, 1)
})

socketTest(t, 'those of strangers', async t => {
  const server = await serving(t, 'v2', { proxyAllowIps: ['10.0.0.0/8'] })
  t.match(await server.exchange(LINE + request()), /^HTTP\/1\.1 403 Forbidden\r\n/)
  t.match(await server.exchange(BINARY.toString('latin1') + request()), /^HTTP\/1\.1 403 Forbidden\r\n/)
  t.match(bodyOf(await server.exchange(request())), /^127\.0\.0\.1 /)
})

socketTest(t, 'one that does not come in time', async t => {
  const server = await serving(t, 'auto', { headerTimeout: 200 })
  const clients = await Promise.all(
    ['PROXY TC', LINE, `${LINE}GET / HT`].map(async bytes => {
      const client = await server.connect()
      client.write(bytes)
      return client
    }),
  )
  const answers = await Promise.all(clients.map(client => client.all()))
  t.match(answers[0], /^HTTP\/1\.1 408 /)
  t.match(answers[2], /^HTTP\/1\.1 408 /)
  t.equal(server.exchanges.length, 0)
  t.equal(POLICY.preface, undefined)
})

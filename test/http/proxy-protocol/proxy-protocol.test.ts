import t from 'tap'
import type { Peer } from '../../../lib/http/exchange.js'
import { crc32c } from '../../../lib/http/proxy-protocol/crc32c.js'
import { ProxyProtocol, type ProxyProtocolSettings } from '../../../lib/http/proxy-protocol/proxy-protocol.js'
import { INET6, SIGNATURE, tlv, version2 } from './headers.js'

const PROXY: Peer = {
  scheme: 'http',
  isUnix: false,
  address: '127.0.0.1',
  port: 5,
  family: 'IPv4',
  serverName: '127.0.0.1',
  serverPort: '8000',
  authority: '127.0.0.1:8000',
}

type Mode = ProxyProtocolSettings['proxyProtocol']

function read(bytes: Buffer | string, mode: Mode = 'auto', proxyAllowIps = ['127.0.0.1']): unknown {
  const preface = new ProxyProtocol({ proxyProtocol: mode, proxyAllowIps })
  const found = preface.read(Buffer.from(bytes), PROXY)
  if (found === undefined) return 'torn'
  if ('status' in found) return found.status
  const { size } = found
  const peer = found.relayed(PROXY)
  if (peer === PROXY) return { size, direct: true }
  const { address, port, family, scheme, isTrusted, told } = peer
  return { size, address, port, family, scheme, isTrusted, variables: { ...told?.destination, ...told?.variables } }
}

const LINE = 'PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n'
const client = {
  address: '192.0.2.1',
  port: 4711,
  family: 'IPv4',
  scheme: 'http',
  isTrusted: undefined,
  variables: { PROXY_PROTOCOL: 'TCP4', PROXY_ADDR: '198.51.100.1', PROXY_PORT: '443' },
}

t.test('version 1', async t => {
  t.same(read(`${LINE}GET / HTTP/1.1\r\n`, 'v1'), { size: LINE.length, ...client })
  t.match(read('PROXY TCP6 2001:db8::1 ::1 1 65535\r\n'), { address: '2001:db8::1', port: 1, family: 'IPv6' })
  const unknown = { address: '127.0.0.1', port: 5, isTrusted: false, variables: { PROXY_PROTOCOL: 'UNKNOWN' } }
  t.match(read('PROXY UNKNOWN\r\n'), { size: 15, ...unknown })
  t.match(read('PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n'), unknown)
  const longest = `PROXY UNKNOWN ${'f'.repeat(91)}\r\n`
  t.match(read(longest), { size: 107 })
  const faults = [
    `PROXY UNKNOWN ${'f'.repeat(92)}\r\n`,
    `PROXY TCP4 ${'1'.repeat(64 * 1024)}`,
    'PROXY \r\n',
    'PROXY TCP5 192.0.2.1 198.51.100.1 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 1 2 \r\n',
    'PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 -1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 1 2\nGET / HTTP/1.1\r\n\r\n',
    'PROXY unknown\r\n',
  ]
  t.same(
    faults.map(text => read(text)).filter(status => status !== 400),
    [],
  )
})

t.test('version 2', async t => {
  const header = version2()
  t.same(read(Buffer.concat([header, Buffer.from('GET')]), 'v2'), { size: 28, ...client })
  t.match(read(version2({ family: 0x21, addresses: INET6 })), { address: '2001:db8::1', port: 4711, family: 'IPv6' })
  t.match(read(version2({ family: 0x12 })), { address: '192.0.2.1', variables: { PROXY_PROTOCOL: 'UDP4' } })
  t.match(read(version2({ command: 0x20 })), { size: 28, direct: true }, 'LOCAL')
  t.match(read(version2({ command: 0x20, family: 0, addresses: Buffer.alloc(9) })), { size: 25, direct: true })
  const unknown = { address: '127.0.0.1', isTrusted: false }
  t.match(read(version2({ family: 0, addresses: Buffer.alloc(0) })), { size: 16, ...unknown })
  t.match(read(version2({ family: 0x31, addresses: Buffer.alloc(216) })), { size: 232, ...unknown }, 'a unix socket')
  const mapped = Buffer.from(`${`${'00'.repeat(10)}ffffc0000201`.repeat(2)}00010002`, 'hex')
  t.match(read(version2({ family: 0x21, addresses: mapped })), { address: '::ffff:192.0.2.1' })
  const faults = [
    version2({ command: 0x11 }),
    version2({ command: 0x22 }),
    version2({ family: 0x41 }),
    version2({ family: 0x13 }),
    version2({ addresses: Buffer.alloc(11) }),
    version2({ family: 0x21 }),
    version2({ tlvs: [Buffer.from([1, 0])] }),
    version2({ tlvs: [Buffer.from([1, 0, 5, 0])] }),
    version2({ tlvs: [tlv(3, Buffer.alloc(4))] }),
    version2({ tlvs: [tlv(3, Buffer.alloc(3))] }),
    Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 0xff, 0xff])]),
  ]
  t.same(
    faults.map(bytes => read(bytes)).filter(status => status !== 400),
    [],
  )
})

t.test('TLVs', async t => {
  const tls = Buffer.concat([
    Buffer.from('0700000000', 'hex'),
    tlv(0x21, 'TLSv1.3'),
    tlv(0x22, 'carol'),
    tlv(0x99, '?'),
  ])
  const tlvs = [
    tlv(1, 'h2'),
    tlv(2, 'shop.example'),
    tlv(4, 'filling'),
    tlv(5, Buffer.from([0, 1])),
    tlv(0x20, tls),
    tlv(0xee, 'of somebody'),
  ]
  t.match(read(version2({ tlvs, withChecksum: true })), {
    scheme: 'https',
    variables: {
      PROXY_ALPN: 'h2',
      PROXY_AUTHORITY: 'shop.example',
      PROXY_UNIQUE_ID: '0001',
      PROXY_TLS_VERSION: 'TLSv1.3',
      PROXY_TLS_CLIENT_CN: 'carol',
      PROXY_TLS_CLIENT_VERIFY: 'SUCCESS',
    },
  })
  const plain = read(version2({ tlvs: [tlv(2, 'a\0b'), tlv(0x20, Buffer.from([0]))] }))
  t.match(plain, { scheme: 'http' })
  t.notMatch(plain, { variables: { PROXY_AUTHORITY: String } }, 'nothing that an environ could not have')
  const spoiled = version2({ withChecksum: true })
  spoiled[20] = 1
  t.equal(read(spoiled), 400)
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283, 'the check value of CRC32C')
})

t.test('whether there may be one', async t => {
  t.equal(read('GET / HTTP/1.1\r\n', 'v1'), 400)
  t.equal(read('GET / HTTP/1.1\r\n', 'v2'), 400)
  t.same(read('GET / HTTP/1.1\r\n', 'auto'), { size: 0, direct: true })
  t.same(read('PROPFIND / HTTP/1.1\r\n', 'auto'), { size: 0, direct: true })
  t.same(read('\r\nGET', 'auto'), { size: 0, direct: true })
  t.equal(read(LINE, 'v2'), 400)
  t.equal(read(version2(), 'v1'), 400)
  for (const mode of ['v1', 'v2', 'auto'] as const) {
    t.equal(read(LINE, mode, []), 403)
    t.equal(read(version2(), mode, ['10.0.0.0/8']), 403)
    t.same(read('GET', mode, []), { size: 0, direct: true }, 'strangers speak HTTP')
  }
})

t.test('torn everywhere', async t => {
  const headers = [LINE, 'PROXY UNKNOWN\r\n', version2(), version2({ tlvs: [tlv(2, 'a')], withChecksum: true })]
  const early = headers.flatMap(header =>
    Array.from({ length: header.length - 1 }, (_, i) => read(Buffer.from(header).subarray(0, i + 1))),
  )
  t.same([...new Set(early)], ['torn'])
})

import t from 'tap'
import type { Peer } from '../../../lib/http/exchange.js'
import { RequestHead } from '../../../lib/http/head.js'
import { Proxies, type ProxySettings, TRUSTED_HEADERS } from '../../../lib/http/proxies/proxies.js'

const SETTINGS: ProxySettings = {
  forwardedAllowIps: ['127.0.0.1', '::1', '10.0.0.0/8', 'fd00::/8'],
  secureSchemeHeaders: { 'x-forwarded-proto': 'https', 'x-forwarded-protocol': 'ssl', 'x-forwarded-ssl': 'on' },
  trustedHeaders: TRUSTED_HEADERS,
  forwarderHeaders: ['SCRIPT_NAME', 'PATH_INFO', 'REMOTE_USER'],
  headerMap: 'drop',
}

type Field = [name: string, value: string]

function peerAt(address: string): Peer {
  const isUnix = address === 'unix'
  return {
    scheme: 'http',
    isUnix,
    address: isUnix ? '' : address,
    port: isUnix ? undefined : 4000,
    family: 'IPv4',
    serverName: isUnix ? '' : '192.0.2.200',
    serverPort: isUnix ? '' : '8000',
    authority: isUnix ? 'localhost' : '192.0.2.200:8000',
  }
}

/** What is known of the client of a request, or why it is refused. */
function found(fields: readonly Field[], from = '127.0.0.1', settings: Partial<ProxySettings> = {}): unknown {
  const head = new RequestHead({ method: 'GET', url: '/', httpVersion: '1.1' }, ['Host', 'app:8000', ...fields.flat()])
  const peer = new Proxies({ ...SETTINGS, ...settings }).peerOf(head, peerAt(from))
  if ('why' in peer) return [peer.status, peer.why]
  const { address, port, scheme, family, serverName, serverPort, told } = peer
  return { address, port, scheme, family, serverName, serverPort, ...told }
}

const direct = {
  address: '127.0.0.1',
  port: 4000,
  scheme: 'http',
  family: 'IPv4',
  serverName: '192.0.2.200',
  serverPort: '8000',
}
const client = { ...direct, address: '192.0.2.1', port: undefined }

t.test('whose word counts', async t => {
  const fields: Field[] = [['X-Forwarded-For', '192.0.2.1']]
  const of = (address: string) => ({ ...direct, address })
  t.same(found(fields), client)
  t.same(found(fields, '10.255.0.1'), client, 'a network')
  t.same(found(fields, '::ffff:10.0.0.1'), client, 'an address of IPv4 on a socket of IPv6')
  t.same(found(fields, 'fd12::1'), client)
  t.same(found(fields, 'unix'), { ...client, serverName: '', serverPort: '' })
  t.same(found(fields, '11.0.0.1'), of('11.0.0.1'))
  t.same(found(fields, 'fe80::1'), of('fe80::1'))
  t.same(found(fields, '11.0.0.1', { forwardedAllowIps: ['*'] }), client)
  t.same(found(fields, ''), of(''), 'a client that is gone has no address, and is no unix socket')
  t.same(found(fields, '127.0.0.1', { forwardedAllowIps: [] }), direct)
  t.same(found(fields, '127.0.0.1', { trustedHeaders: [] }), direct)
  t.same(found([]), direct)
})

t.test('the client', async t => {
  const address = (value: string, settings = {}): unknown =>
    Reflect.get(Object(found([['x-forwarded-for', value]], '127.0.0.1', settings)), 'address')
  t.equal(address('203.0.113.9, 192.0.2.1'), '192.0.2.1', 'the last that no trusted proxy is')
  t.equal(address('203.0.113.9, 192.0.2.1, 10.0.0.1,127.0.0.1'), '192.0.2.1')
  t.equal(address('10.0.0.2, 10.0.0.1'), '10.0.0.2', 'all are trusted')
  t.equal(address('evil", 192.0.2.1'), '192.0.2.1', 'what a client has invented is not looked at')
  t.equal(address('203.0.113.9, 192.0.2.1', { forwardedAllowIps: ['*'] }), '203.0.113.9')
  t.equal(address('unknown'), '')
  t.equal(address(''), '127.0.0.1')
  t.match(found([['X-Forwarded-For', '[2001:db8::1]:443']]), { address: '2001:db8::1', port: 443, family: 'IPv6' })
  t.match(found([['X-Forwarded-For', '192.0.2.1:4711']]), { address: '192.0.2.1', port: 4711 })
  t.match(found([['X-Forwarded-For', '2001:db8::1']]), { address: '2001:db8::1' })
  const lines: Field[] = [
    ['X-Forwarded-For', '203.0.113.9'],
    ['X-Forwarded-For', '192.0.2.1'],
  ]
  t.same(found(lines), client, 'lines are one list')
  t.same(found([['Forwarded', 'for=203.0.113.9;proto=https, for=192.0.2.1;proto=http, for=10.0.0.1']]), client)
  t.match(found([['Forwarded', 'for=192.0.2.1;proto=https;host=shop.example, for=10.0.0.1;proto=http']]), {
    address: '192.0.2.1',
    scheme: 'https',
    host: 'shop.example',
  })
  t.match(found([['Forwarded', 'proto=https']]), { ...direct, scheme: 'https' }, 'of which none is named')
})

t.test('the scheme', async t => {
  const scheme = (...fields: Field[]): unknown => Reflect.get(Object(found(fields)), 'scheme')
  t.equal(scheme(['X-Forwarded-Proto', 'HTTPS']), 'https')
  t.equal(scheme(['X-Forwarded-Proto', 'wss']), 'https')
  t.equal(scheme(['X-Forwarded-Proto', 'http']), 'http')
  t.equal(scheme(['X-Forwarded-Protocol', 'ssl'], ['X-Forwarded-Ssl', 'on']), 'https')
  t.match(found([['X-Scheme', 'tls']], 'unix', { secureSchemeHeaders: { 'x-scheme': 'tls' } }), { scheme: 'https' })
})

t.test('the server', async t => {
  const told = (...fields: Field[]): unknown => {
    const { host, serverName, serverPort } = Object(found(fields))
    return [host, serverName, serverPort]
  }
  t.same(told(['X-Forwarded-Host', 'shop.example']), ['shop.example', 'shop.example', '80'])
  t.same(told(['X-Forwarded-Host', 'shop.example:81']), ['shop.example:81', 'shop.example', '81'])
  const secure: Field = ['X-Forwarded-Proto', 'https']
  t.same(told(['X-Forwarded-Host', '[::1]'], ['X-Forwarded-Port', '8443']), ['[::1]:8443', '::1', '8443'])
  t.same(told(['X-Forwarded-Host', 'b:443'], ['X-Forwarded-Port', '443'], secure), ['b', 'b', '443'])
  t.same(told(['X-Forwarded-Port', '443'], secure), ['app', 'app', '443'])
  t.same(told(['Forwarded', 'host="b:444"']), ['b:444', 'b', '444'])
})

t.test('prefixes and variables', async t => {
  t.match(found([['X-Forwarded-Prefix', '/shop/']]), { mount: '/shop' })
  t.match(found([['X-Forwarded-Prefix', '/']]), { mount: '' })
  t.match(found([['SCRIPT_NAME', '/shop']]), { mount: '/shop' })
  const fields: Field[] = [
    ['Remote_User', 'root'],
    ['remote_user', 'b'],
    ['Other_One', 'c'],
  ]
  t.match(found(fields), { variables: { HTTP_REMOTE_USER: 'root,b' } })
  t.same(found(fields, '192.0.2.7'), { ...direct, address: '192.0.2.7' })
  t.match(found(fields, 'unix', { forwarderHeaders: ['*'] }), { variables: { HTTP_OTHER_ONE: 'c' } })
})

t.test('what contradicts itself or is malformed is refused', async t => {
  const cases: Field[][] = [
    [
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Ssl', 'off'],
    ],
    [
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Proto', 'http'],
    ],
    [
      ['X-Forwarded-Proto', 'http'],
      ['Forwarded', 'proto=https'],
    ],
    [
      ['X-Forwarded-For', '192.0.2.1'],
      ['Forwarded', 'for=192.0.2.2'],
    ],
    [
      ['X-Forwarded-For', '192.0.2.1:1'],
      ['Forwarded', 'for="192.0.2.1:2"'],
    ],
    [['X-Forwarded-For', 'somebody']],
    [['X-Forwarded-For', '192.0.2.1, somebody']],
    [['X-Forwarded-For', '256.0.0.1']],
    [
      ['X-Forwarded-Host', 'a'],
      ['X-Forwarded-Host', 'b'],
    ],
    [['X-Forwarded-Host', 'a, b']],
    [['X-Forwarded-Host', 'a/b']],
    [['X-Forwarded-Host', '']],
    [
      ['X-Forwarded-Host', 'a'],
      ['Forwarded', 'host=b'],
    ],
    [
      ['X-Forwarded-Host', 'a:1'],
      ['X-Forwarded-Port', '2'],
    ],
    [['X-Forwarded-Port', '0']],
    [['X-Forwarded-Port', '65536']],
    [['X-Forwarded-Port', '80, 81']],
    [['X-Forwarded-Prefix', 'shop']],
    [['X-Forwarded-Prefix', '//evil.example']],
    [['X-Forwarded-Prefix', '/a?b']],
    [
      ['X-Forwarded-Prefix', '/a'],
      ['SCRIPT_NAME', '/b'],
    ],
    [['Forwarded', 'for=192.0.2.1;proto=gopher']],
    [['Forwarded', 'for=']],
    [['Forwarded', 'host="a b"']],
  ]
  const refusals = cases.map(fields => found(fields))
  t.same(
    cases.filter((_, i) => !Array.isArray(refusals[i])),
    [],
  )
  t.same(
    cases.filter(fields => Array.isArray(found(fields, '192.0.2.7'))),
    [],
    'what strangers say is not read',
  )
  t.same(found([['X_Real_Ip', '1']], '192.0.2.7', { headerMap: 'refuse' }), [
    400,
    'the header field X_Real_Ip has an underscore in its name (headerMap)',
  ])
  t.match(found([['Remote_User', 'a']], '192.0.2.7', { headerMap: 'refuse' }), [400])
  t.match(found([['Remote_User', 'a']], '127.0.0.1', { headerMap: 'refuse' }), { variables: {} })
})

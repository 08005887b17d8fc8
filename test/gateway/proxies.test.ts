import t from 'tap'
import { Proxies, TRUSTED_HEADERS } from '../../lib/http/proxies/proxies.js'
import { shortDir } from '../helpers/short-dir.js'
import { bodyOf, serving } from './fetch-scene.js'
import { nodeTest, request, serve } from './serve.js'

const SETTINGS = {
  forwardedAllowIps: ['127.0.0.1'],
  secureSchemeHeaders: { 'x-forwarded-proto': 'https' },
  trustedHeaders: TRUSTED_HEADERS,
  forwarderHeaders: ['SCRIPT_NAME', 'REMOTE_USER'],
  headerMap: 'drop',
} as const
const proxies = new Proxies(SETTINGS)

const FIELDS = [
  'X-Forwarded-For: 203.0.113.9, 192.0.2.1',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: shop.example',
  'X-Forwarded-Prefix: /shop',
  'Remote_User: root',
]

const NAMES = [
  'REMOTE_ADDR',
  'REMOTE_PORT',
  'wsgi.url_scheme',
  'HTTP_HOST',
  'SERVER_NAME',
  'SERVER_PORT',
  'SCRIPT_NAME',
  'PATH_INFO',
  'HTTP_REMOTE_USER',
  'HTTP_X_FORWARDED_PROTO',
]

type Environ = Readonly<Record<string, unknown>>

function environApp(environ: Environ, start: (status: string, headers: string[][]) => void): string[] {
  start('200 OK', [])
  return [JSON.stringify(Object.fromEntries(NAMES.map(name => [name, environ[name]])))]
}

t.test('the environ of a request by a trusted proxy', async t => {
  const server = await serve(t, environApp, { proxies })
  const told = {
    REMOTE_ADDR: '192.0.2.1',
    REMOTE_PORT: '',
    'wsgi.url_scheme': 'https',
    HTTP_HOST: 'shop.example',
    SERVER_NAME: 'shop.example',
    SERVER_PORT: '443',
    SCRIPT_NAME: '/shop',
    PATH_INFO: '/',
    HTTP_REMOTE_USER: 'root',
    HTTP_X_FORWARDED_PROTO: 'https',
  }
  t.same(JSON.parse(bodyOf(await server.exchange(request('GET', FIELDS)))), told)
  const under = request('GET', FIELDS).replace('GET /', 'GET /shop/cart')
  t.same(
    JSON.parse(bodyOf(await server.exchange(under))),
    { ...told, PATH_INFO: '/cart' },
    'a prefix that was not taken off',
  )
  t.match(JSON.parse(bodyOf(await server.exchange(request()))), { REMOTE_ADDR: '127.0.0.1', SCRIPT_NAME: '' })
  const client = await server.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n')
  const first = await client.until(/\}/)
  client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const second = await client.all()
  t.match(first, '"REMOTE_ADDR":"192.0.2.1"', 'each request of a connection has its own')
  t.match(second.slice(first.length), '"REMOTE_ADDR":"127.0.0.1"')
})

t.test('that of a stranger', async t => {
  const strict = new Proxies({ ...SETTINGS, forwardedAllowIps: ['192.0.2.0/24'] })
  const server = await serve(t, environApp, { proxies: strict, rootPath: '/shop', mapsUnderscores: true })
  const under = request('GET', FIELDS).replace('GET /', 'GET /shop')
  t.match(JSON.parse(bodyOf(await server.exchange(under))), {
    REMOTE_ADDR: '127.0.0.1',
    'wsgi.url_scheme': 'http',
    HTTP_HOST: 'test',
    SCRIPT_NAME: '/shop',
    PATH_INFO: '',
    HTTP_REMOTE_USER: 'root',
    HTTP_X_FORWARDED_PROTO: 'https',
  })
})

t.test('contradictions do not reach the application', async t => {
  let calls = 0
  const server = await serve(t, () => ++calls, { proxies })
  const answers = [
    await server.exchange(request('GET', ['X-Forwarded-Proto: https', 'X-Forwarded-Proto: http'])),
    await server.exchange(request('POST', ['Forwarded: for=', 'Content-Length: 3'], 'abc')),
    await server.exchange(request('GET', ['X-Forwarded-For: 192.0.2.1', 'Forwarded: for=192.0.2.2'])),
  ]
  t.same(
    answers.filter(answer => !answer.startsWith('HTTP/1.1 400 ') || !/connection: close/i.test(answer)),
    [],
  )
  t.equal(calls, 0)
})

t.test('the URL and the context of a fetch handler', async t => {
  const server = await serving(
    t,
    ({ url }, context) => Response.json([url, context.remoteAddress, context.remotePort ?? 0, context.requestIP()]),
    { proxies, socketPath: `${shortDir(t)}/s` },
  )
  const client = { address: '192.0.2.1', port: 0, family: 'IPv4' }
  t.same(JSON.parse(bodyOf(await server.exchange(request('GET', FIELDS)))), [
    'https://shop.example/',
    '192.0.2.1',
    0,
    client,
  ])
})

interface Asked extends NodeJS.ReadableStream {
  readonly socket: Readonly<Record<string, unknown>>
}

interface Answering {
  end(text: string): void
}

nodeTest(t, 'a handler of node:http', 'its requests', async t => {
  const handler = (req: { socket: { remoteAddress?: string } }, res: { end(text: string): void }) =>
    res.end(String(req.socket.remoteAddress))
  const server = await serve(t, handler, { proxies, interface: 'node' })
  t.equal(bodyOf(await server.exchange(request('GET', FIELDS))), '127.0.0.1', 'sees its own socket')
  t.equal(server.exchanges[0]?.peer.address, '192.0.2.1')
  const ends = ({ socket }: Asked): unknown => {
    const { remoteAddress, remotePort, remoteFamily, encrypted, destroyed } = socket
    return { remoteAddress, remotePort, remoteFamily, encrypted, destroyed }
  }
  const shown = await serve(
    t,
    (req: Asked, res: Answering) => req.resume().on('end', () => res.end(JSON.stringify(ends(req)))),
    {
      proxies,
      interface: 'node',
      forwardedSocket: true,
    },
  )
  const forwarded = { remoteAddress: '192.0.2.1', remoteFamily: 'IPv4', encrypted: true, destroyed: false }
  t.same(JSON.parse(bodyOf(await shown.exchange(request('POST', [...FIELDS, 'Content-Length: 3'], 'abc')))), forwarded)
  const two = ['192.0.2.2', '192.0.2.3'].map(ip => `GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${ip}\r\n\r\n`)
  const all = await shown.exchange(two.join('') + request())
  t.same(
    all.match(/"remoteAddress":"[^"]*"/g),
    ['192.0.2.2', '192.0.2.3', '127.0.0.1'].map(ip => `"remoteAddress":"${ip}"`),
  )
  t.equal(shown.requests.size, 0, 'each request has its end')
})

import t from 'tap'
import { belowMount } from '../../lib/http/mount.js'
import { Proxies } from '../../lib/http/proxies/proxies.js'
import { bodyOf, serving } from './fetch-scene.js'
import { nodeTest, request, type Served, serve } from './serve.js'

const proxies = new Proxies({
  forwardedAllowIps: ['127.0.0.1'],
  secureSchemeHeaders: {},
  trustedHeaders: ['x-forwarded-prefix'],
  forwarderHeaders: ['SCRIPT_NAME'],
  headerMap: 'drop',
})

/** What an application sees of a target, with these header fields. */
async function seen(server: Served, target: string, ...fields: string[]): Promise<unknown> {
  return JSON.parse(bodyOf(await server.exchange(request('GET', fields).replace('GET /', `GET ${target}`))))
}

t.test('targets below a mount', async t => {
  const below: Readonly<Record<string, string>> = {
    '/shop': '/',
    '/shop/': '/',
    '/shop?a=/shop': '/?a=/shop',
    '/shop#a': '/#a',
    '/shop/cart': '/cart',
    '/shop//cart': '//cart',
    '/shop/shop': '/shop',
    '/shopping': '/shopping',
    '/Shop/cart': '/Shop/cart',
    '/%73hop/cart': '/%73hop/cart',
    '/': '/',
    '*': '*',
  }
  t.same(Object.fromEntries(Object.keys(below).map(target => [target, belowMount(target, '/shop')])), below)
  t.equal(belowMount('/shop', ''), '/shop')
})

t.test('a fetch handler', async t => {
  const server = await serving(t, ({ url }, { rootPath }) => Response.json([url, rootPath]), {
    proxies,
    rootPath: '/shop',
  })
  t.same(await seen(server, '/shop/cart?a=b'), ['http://test/cart?a=b', '/shop'])
  t.same(await seen(server, '/cart'), ['http://test/cart', '/shop'], 'the proxy has taken it off')
  t.same(await seen(server, 'http://other/shop'), ['http://other/', '/shop'], 'the absolute form')
  t.same(await seen(server, '/a/b/c', 'X-Forwarded-Prefix: /a/b'), ['http://test/c', '/a/b'], 'a proxy knows better')
  t.same(await seen(server, '/shop/c', 'X-Forwarded-Prefix: /'), ['http://test/shop/c', ''])
  t.same(await seen(server, '/a/c', 'SCRIPT_NAME: /a'), ['http://test/c', '/a'])
  const nowhere = await serving(t, ({ url }, { rootPath }) => Response.json([url, rootPath]), { proxies })
  t.same(await seen(nowhere, '/shop/cart'), ['http://test/shop/cart', ''])
})

interface Mounted {
  readonly url: string
  readonly baseUrl?: string
  readonly originalUrl?: string
}

nodeTest(t, 'a handler of node:http', 'its requests', async t => {
  const handler = ({ url, baseUrl, originalUrl }: Mounted, res: { end(text: string): void }) =>
    res.end(JSON.stringify([url, baseUrl, originalUrl].filter(value => value !== undefined)))
  const server = await serve(t, handler, { proxies, rootPath: '/shop', interface: 'node' })
  t.same(await seen(server, '/shop/cart?a=b'), ['/cart?a=b', '/shop', '/shop/cart?a=b'])
  t.same(await seen(server, '/cart'), ['/cart', '/shop', '/shop/cart'], 'the proxy has taken it off')
  t.same(await seen(server, '/a/b', 'X-Forwarded-Prefix: /a'), ['/b', '/a', '/a/b'])
  t.same(await seen(server, '/shop/c', 'X-Forwarded-Prefix: /'), ['/shop/c'])
  t.same(await seen(server, 'http://other/shop'), ['http://other/shop'], 'the absolute form stays as it was sent')
  t.equal(server.exchanges[0]?.head.url, '/shop/cart?a=b', 'the access log has what was sent')
})

import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { Client } from '../helpers/http.js'
import { root } from '../helpers/root.js'
import { startServer } from '../helpers/server.js'
import { nextMessage } from '../helpers/web-socket.js'

const module = (name: string): string => JSON.stringify(join(root, 'node_modules', name))

/** Frameworks that know of no proxy, and a WebSocket. */
const APP = `
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
const express = require(${module('express')})
const Fastify = require(${module('fastify')})
const { WebSocketServer } = require(${module('ws')})
const page = express()
const inner = express.Router()
inner.get('/item', (req, res) => res.json([req.url, req.baseUrl, req.originalUrl]))
page.get('/cart', (req, res) => res.json([req.url, req.baseUrl, req.originalUrl]))
page.use('/inner', inner)
page.use('/files', express.static('.'))
const fastify = Fastify()
fastify.get('/fastify', async request => [request.url, request.originalUrl])
await fastify.ready()
export const application = createServer((req, res) => (req.url === '/fastify' ? fastify.routing : page)(req, res))
const sockets = new WebSocketServer({ server: application, path: '/live' })
sockets.on('connection', (ws, req) => ws.send(JSON.stringify([req.url, req.baseUrl, req.originalUrl])))
`

t.test('frameworks below a mount', async t => {
  const args = ['--trusted-headers', 'X-Forwarded-Prefix', '--root-path', '/shop', '--access-logfile', '-']
  const server = await startServer(t, { app: APP, files: { 'directory/a.txt': 'a' }, args })
  const client = new Client(t, server.target, { keepAlive: true })
  const seen = async (path: string, headers = {}): Promise<unknown> =>
    JSON.parse((await client.get(path, { headers })).body)
  t.same(await seen('/shop/cart?a=b'), ['/cart?a=b', '/shop', '/shop/cart?a=b'])
  t.same(await seen('/cart'), ['/cart', '/shop', '/shop/cart'], 'the proxy has taken it off')
  t.same(await seen('/a/inner/item', { 'X-Forwarded-Prefix': '/a' }), ['/item', '/a/inner', '/a/inner/item'])
  t.same(await seen('/shop/fastify'), ['/fastify', '/shop/fastify'])
  const redirect = await client.get('/files/directory')
  t.equal(redirect.headers.location, '/shop/files/directory/', 'the redirect of a directory')
  t.match((await client.get('/shop/nowhere')).body, /Cannot GET \/shop\/nowhere/)
  if (!('port' in server.target)) throw new Error('no port')
  const socket = new WebSocket(`ws://127.0.0.1:${server.target.port}/shop/live`)
  t.same(JSON.parse(String(await nextMessage(socket))), ['/live', '/shop', '/shop/live'], 'WebSockets')
  socket.close()
  await t.resolves(server.stdout.wait(/GET \/shop\/live/), 'the access log has what was sent')
  client.close()
})

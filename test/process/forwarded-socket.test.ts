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
const Koa = require(${module('koa')})
const { WebSocketServer } = require(${module('ws')})
const page = express()
page.post('/express', express.json(), (req, res) => res.json([req.ip, req.protocol, req.secure, req.body.a]))
const koa = new (Koa.default ?? Koa)()
koa.use(ctx => { ctx.body = [ctx.ip, ctx.protocol, ctx.secure] })
const callback = koa.callback()
export const application = createServer((req, res) => (req.url === '/koa' ? callback : page)(req, res))
const sockets = new WebSocketServer({ server: application })
sockets.on('connection', (ws, req) => ws.send(JSON.stringify([req.socket.remoteAddress, req.socket.encrypted])))
`

t.test('frameworks see the client of a trusted proxy in their sockets', async t => {
  const server = await startServer(t, { app: APP, args: ['--forwarded-socket'] })
  const client = new Client(t, server.target, { keepAlive: true })
  const headers = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'https' }
  const json = { ...headers, 'Content-Type': 'application/json' }
  const post = { method: 'POST', headers: json, body: '{"a":5}' }
  t.same(JSON.parse((await client.get('/express', post)).body), ['192.0.2.1', 'https', true, 5])
  t.same(JSON.parse((await client.get('/koa', { headers })).body), ['192.0.2.1', 'https', true])
  const other = { headers: { 'X-Forwarded-For': '2001:db8::1' } }
  t.same(JSON.parse((await client.get('/koa', other)).body), ['2001:db8::1', 'http', false], 'each request its own')
  t.same(JSON.parse((await client.get('/koa')).body), ['127.0.0.1', 'http', false])
  if (!('port' in server.target)) throw new Error('no port')
  const socket = new WebSocket(`ws://127.0.0.1:${server.target.port}/`, { headers })
  t.same(JSON.parse(String(await nextMessage(socket))), ['192.0.2.1', true], 'WebSockets')
  socket.close()
  client.close()
})

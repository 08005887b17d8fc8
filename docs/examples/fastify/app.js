/**
 * The application, built by a function that server.js and tests call. It can also be served without server.js:
 *   unicorn --workers 2 'app.js:build({"logger": true})'
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { setInterval } from 'node:timers/promises'
import Fastify from 'fastify'
import { WebSocketServer } from 'ws'

export function build(options) {
  const app = Fastify(options)

  app.get('/', async () => ({ hello: 'world', worker: process.pid }))

  app.get('/users/:id', async request => ({ id: request.params.id, fields: request.query.fields ?? 'all' }))

  const schema = { body: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } }
  app.post('/users', { schema }, async (request, reply) => {
    reply.code(201).header('location', `/users/${request.body.name}`)
    return request.body
  })

  app.get('/broken', async () => {
    throw new Error('broken on purpose')
  })

  // Server-sent events, until the client goes away.
  app.get('/events', async (request, reply) => {
    request.raw.on('close', () => console.log('/events: request closed'))
    reply.raw.on('close', () => console.log('/events: response closed'))
    return reply.type('text/event-stream').send(Readable.from(events()))
  })

  // These two hold in memory only what the client is taking or sending, however large the whole is.
  app.get('/download', async (request, reply) => {
    return reply.type('application/octet-stream').send(Readable.from(blocks(Number(request.query.bytes))))
  })

  app.addContentTypeParser('application/octet-stream', async (_request, payload) => payload)
  app.post('/upload', async request => {
    request.raw.on('close', () => request.raw.complete || console.log('/upload: aborted'))
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of request.body) {
      hash.update(chunk)
      bytes += chunk.length
    }
    return { bytes, sha256: hash.digest('hex') }
  })

  const sockets = new WebSocketServer({ server: app.server })
  sockets.on('connection', socket => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })

  app.addHook('onReady', async () => console.log('Ready'))
  app.addHook('preClose', async () => {
    for (const socket of sockets.clients) socket.close(1001, 'Server restarts')
  })
  app.addHook('onClose', async () => console.log('Closed'))
  return app
}

async function* events() {
  let count = 0
  for await (const _ of setInterval(20)) yield `data: ${++count}\n\n`
}

function* blocks(bytes) {
  for (let left = bytes; left > 0; left -= 65536) yield Buffer.alloc(Math.min(left, 65536), 'x')
}

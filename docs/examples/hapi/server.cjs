/**
 * A hapi server. `node server.cjs` runs it on port 3000. Unchanged, with two workers, on port 8000:
 *   unicorn --workers 2 --bind 127.0.0.1:8000 server.cjs
 */
'use strict'

const { createHash } = require('node:crypto')
const { PassThrough, Readable } = require('node:stream')
const Hapi = require('@hapi/hapi')
const { WebSocketServer } = require('ws')

const server = Hapi.server({ port: 3000, host: 'localhost' })

server.route([
  { method: 'GET', path: '/', handler: () => ({ hello: 'world', worker: process.pid }) },
  {
    method: 'GET',
    path: '/users/{id}',
    handler: request => ({ id: request.params.id, fields: request.query.fields ?? 'all' }),
  },
  {
    method: 'POST',
    path: '/users',
    handler: (request, h) => h.response(request.payload).created(`/users/${request.payload.name}`),
  },
  {
    method: 'GET',
    path: '/broken',
    handler: () => {
      throw new Error('broken on purpose')
    },
  },
  { method: 'GET', path: '/events', handler: events },
  {
    method: 'GET',
    path: '/download',
    handler: (request, h) => h.response(Readable.from(blocks(Number(request.query.bytes)), { objectMode: false })),
  },
  {
    method: 'POST',
    path: '/upload',
    options: { payload: { output: 'stream', parse: false, maxBytes: Number.MAX_SAFE_INTEGER } },
    handler: upload,
  },
])

/** Server-sent events, until the client goes away. */
function events(request, h) {
  const stream = new PassThrough()
  let count = 0
  const timer = setInterval(() => stream.write(`data: ${++count}\n\n`), 20)
  request.raw.req.on('close', () => console.log('/events: request closed'))
  request.raw.res.on('close', () => {
    clearInterval(timer)
    console.log('/events: response closed')
  })
  return h.response(stream).type('text/event-stream')
}

async function upload(request) {
  const { req } = request.raw
  req.on('close', () => req.complete || console.log('/upload: aborted'))
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of request.payload) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

function* blocks(bytes) {
  for (let left = bytes; left > 0; left -= 65536) yield Buffer.alloc(Math.min(left, 65536), 'x')
}

const sockets = new WebSocketServer({ server: server.listener })
sockets.on('connection', socket => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})

server.ext('onPreStop', () => {
  for (const socket of sockets.clients) socket.close(1001, 'Server restarts')
})
server.events.on('stop', () => console.log('Stopped'))

async function start() {
  await server.start()
  console.log(`Listening on port ${server.info.port}`)
}

start()

// The worker calls `stop()` of an exported server after its last response.
module.exports = server

/**
 * A Koa server with a WebSocket. `node server.js` runs it on port 3000. Unchanged, with two workers, on port 8000:
 *   unicorn --workers 2 --bind 127.0.0.1:8000 server.js
 */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import Koa from 'koa'
import { WebSocketServer } from 'ws'

const app = new Koa()

app.use(async (ctx, next) => {
  const began = performance.now()
  await next()
  ctx.set('Server-Timing', `app;dur=${Math.round(performance.now() - began)}`)
})

app.use(async ctx => {
  const [, first, id] = ctx.path.split('/')
  const route = routes[`${ctx.method} /${first}`]
  if (route) ctx.body = await route(ctx, id)
})

const routes = {
  'GET /': () => ({ hello: 'world', worker: process.pid }),

  'GET /users': (ctx, id) => ({ id, fields: ctx.query.fields ?? 'all' }),

  'POST /users': async ctx => {
    const user = await json(ctx.req)
    ctx.status = 201
    ctx.set('Location', `/users/${user.name}`)
    return user
  },

  'GET /broken': () => {
    throw new Error('broken on purpose')
  },

  // Server-sent events, until the client goes away.
  'GET /events': ctx => {
    const events = new PassThrough()
    let count = 0
    const timer = setInterval(() => events.write(`data: ${++count}\n\n`), 20)
    ctx.req.on('close', () => console.log('/events: request closed'))
    ctx.res.on('close', () => {
      clearInterval(timer)
      console.log('/events: response closed')
    })
    ctx.type = 'text/event-stream'
    return events
  },

  // These two hold in memory only what the client is taking or sending, however large the whole is.
  'GET /download': ctx => Readable.from(blocks(Number(ctx.query.bytes))),

  'POST /upload': async ctx => {
    ctx.req.on('close', () => ctx.req.complete || console.log('/upload: aborted'))
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of ctx.req) {
      hash.update(chunk)
      bytes += chunk.length
    }
    return { bytes, sha256: hash.digest('hex') }
  },
}

function* blocks(bytes) {
  for (let left = bytes; left > 0; left -= 65536) yield Buffer.alloc(Math.min(left, 65536), 'x')
}

const server = createServer(app.callback())
const sockets = new WebSocketServer({ server })
sockets.on('connection', socket => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})

server.on('close', () => {
  console.log('Server closed')
  for (const socket of sockets.clients) socket.close(1001, 'Server restarts')
})
server.listen(3000, () => console.log(`Listening on port ${server.address().port}`))

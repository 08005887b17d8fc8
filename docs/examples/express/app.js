/**
 * The application, which server.js and tests import. It can also be served without server.js:
 *   unicorn --workers 2 app.js
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express from 'express'

const app = express()
app.use(express.json())

app.get('/', (_req, res) => {
  res.json({ hello: 'world', worker: process.pid })
})

app.get('/users/:id', (req, res) => {
  res.json({ id: req.params.id, fields: req.query.fields ?? 'all' })
})

app.post('/users', (req, res) => {
  res.status(201).location(`/users/${req.body.name}`).json(req.body)
})

app.get('/broken', () => {
  throw new Error('broken on purpose')
})

// Server-sent events, until the client goes away.
app.get('/events', (req, res) => {
  res.type('text/event-stream')
  let count = 0
  const timer = setInterval(() => res.write(`data: ${++count}\n\n`), 20)
  req.on('close', () => console.log('/events: request closed'))
  res.on('close', () => {
    clearInterval(timer)
    console.log('/events: response closed')
  })
})

// These two hold in memory only what the client is taking or sending, however large the whole is.
app.get('/download', async (req, res) => {
  await pipeline(Readable.from(blocks(Number(req.query.bytes))), res.type('bin'))
})

app.post('/upload', async (req, res) => {
  req.on('close', () => req.complete || console.log('/upload: aborted'))
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of req) {
    hash.update(chunk)
    bytes += chunk.length
  }
  res.json({ bytes, sha256: hash.digest('hex') })
})

function* blocks(bytes) {
  for (let left = bytes; left > 0; left -= 65536) yield Buffer.alloc(Math.min(left, 65536), 'x')
}

export default app

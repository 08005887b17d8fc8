/**
 * An Express server with a WebSocket. `node server.js` runs it on port 3000. Unchanged, with two workers, on port 8000:
 *   unicorn --workers 2 --bind 127.0.0.1:8000 server.js
 */
import { WebSocketServer } from 'ws'
import app from './app.js'

const server = app.listen(3000, error => {
  if (error) throw error
  console.log(`Listening on port ${server.address().port}`)
})

const sockets = new WebSocketServer({ server })
sockets.on('connection', socket => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})

process.on('SIGTERM', () => {
  server.close(() => console.log('Server closed'))
  for (const socket of sockets.clients) socket.close(1001, 'Server restarts')
})

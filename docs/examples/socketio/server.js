// unicorn --workers 4 server.js
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const server = createServer((_req, res) => {
  res.setHeader('Content-Type', 'text/plain')
  res.end('Socket.IO is at /socket.io/\n')
})

// WebSockets only: the requests of HTTP long-polling could reach any worker, but only one of them knows the session.
const io = new Server(server, { transports: ['websocket'] })

io.on('connection', socket => {
  socket.emit('welcome', { worker: process.pid })
  socket.on('echo', (message, reply) => reply({ message, worker: process.pid }))
  // Reaches the clients of this worker. For the others use an adapter, such as @socket.io/redis-streams-adapter.
  socket.on('announce', text => io.emit('announcement', { text, worker: process.pid }))
})

// When a worker drains, unicorn closes the server as soon as the last plain request is answered. Socket.IO then closes
// its sockets, and the clients reconnect to other workers.
server.listen(3000)

// unicorn --workers 4 server.js
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const server = createServer((_req, res) => {
  res.setHeader('Content-Type', 'text/plain')
  res.end('Socket.IO is at /socket.io/\n')
})

// Only WebSockets: the requests of HTTP long-polling would go to any worker, and each session is known to one of them.
const io = new Server(server, { transports: ['websocket'] })

io.on('connection', socket => {
  socket.emit('welcome', { worker: process.pid })
  socket.on('echo', (message, reply) => reply({ message, worker: process.pid }))
  // To the clients of this worker. To reach those of the others too, use an adapter: @socket.io/redis-streams-adapter, say.
  socket.on('announce', text => io.emit('announcement', { text, worker: process.pid }))
})

// When a worker drains, unicorn closes the server as soon as the last plain request is answered. Socket.IO then closes its
// sockets, and the clients come back to the other workers.
server.listen(3000)

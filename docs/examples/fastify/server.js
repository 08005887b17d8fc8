/**
 * A Fastify server. `node server.js` runs it on port 3000. Unchanged, with two workers, on port 8000:
 *   unicorn --workers 2 --bind 127.0.0.1:8000 server.js
 */
import { build } from './app.js'

const app = build()
await app.listen({ port: 3000 })
console.log(`Listening on port ${app.server.address().port}`)

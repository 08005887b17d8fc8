import t from 'tap'
import { connectRaw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'

const SCRIPT = `const server = require('node:http').createServer({ requestTimeout: 1500, headersTimeout: 1000, requireHostHeader: false, insecureHTTPParser: false }, (req, res) => {
  req.resume()
  req.on('end', () => res.end('ok'))
})
server.maxConnections = 2
server.keepAliveTimeout = 65000
server.on('drop', ({ remoteAddress, localPort }) => console.log('drop', remoteAddress, localPort))
server.listen(3000)
`

t.test(
  'limits that an application sets on its own server hold, or the log says which setting replaces them',
  async t => {
    const server = await startServer(t, { files: { 'app.cjs': SCRIPT }, spec: 'app.cjs' })
    const slow = await connectRaw(t, server.target)
    slow.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n.')
    const drip = setInterval(() => slow.write('.'), 200)
    slow.socket.on('error', () => {})
    t.match(await slow.until(/\r\n\r\n/), /^HTTP\/1\.1 408 /, 'requestTimeout')
    clearInterval(drip)
    slow.socket.destroy()

    const first = await connectRaw(t, server.target)
    first.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await first.until(/ok$/)
    const held = await connectRaw(t, server.target)
    held.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await held.until(/ok$/)
    const third = await connectRaw(t, server.target)
    await third.ending
    const port = 'port' in server.target ? server.target.port : 0
    t.equal((await server.stdout.wait(/^drop/)).msg, `drop 127.0.0.1 ${port}`)
    held.socket.destroy()
    first.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await first.until(/ok[\s\S]*ok$/)

    first.socket.destroy()

    t.match(await server.log(/keepAliveTimeout/), { msg: /keepAliveTimeout of 65000 is ignored: use .*--keep-alive/ })
    t.match(await server.log(/requireHostHeader/), {
      msg: /of false is ignored: unicorn refuses requests .* without Host/,
    })
    t.same(server.logged(/insecureHTTPParser/), [])
    t.match(await server.log(/headersTimeout/), { msg: /headersTimeout of 1000 is ignored: use .*--header-timeout/ })
  },
)

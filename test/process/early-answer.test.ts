import t, { type Test } from 'tap'
import { startHolds } from '../helpers/holds.js'
import { handling } from '../helpers/messages.js'
import { connectRaw, head, type Raw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

/** More than the sockets of both sides hold by default, so that a reset loses something. */
const BODY = 400_000
const PAGE = 1_048_576

/** Answers before it has read the request, in every way to leave one, and says when the answer has left. */
const app = `
import { createServer } from 'node:http'
import { Writable } from 'node:stream'

const page = Buffer.alloc(${PAGE}, 'r')
const leave = {
  untouched: () => {},
  paused: req => new Promise(resolve => req.once('data', () => resolve(req.pause()))),
  stuck: req => new Promise(resolve => req.pipe(new Writable({ write: () => resolve() }))),
  readable: req => new Promise(resolve => req.once('readable', () => resolve(req.read()))),
  abandoned: async req => { for await (const chunk of req) break },
  held: () => fetch(process.env.HOLDS + '/held'),
}
createServer(async (req, res) => {
  res.on('finish', () => console.error('answered ' + req.url))
  await leave[req.url.split('/')[1]](req)
  res.writeHead(401, { 'Content-Length': page.length })
  res.end(page)
}).listen(3000)
`

const WAYS = ['untouched', 'paused', 'stuck', 'readable', 'abandoned']

/** Sends all of it before it reads, as clients do that block. */
async function upload(t: Test, server: Server, path: string, connection: string): Promise<Raw> {
  const raw = await connectRaw(t, server.target)
  raw.socket.pause()
  const fields = [`Connection: ${connection}`, `Content-Length: ${BODY}`]
  raw.write(head(path, fields).replace('GET', 'POST'))
  raw.write(Buffer.alloc(BODY, 'x'))
  return raw
}

async function isWhole(t: Test, raw: Raw, name: string): Promise<void> {
  raw.socket.resume()
  const answer = await raw.all()
  t.match(answer, /^HTTP\/1\.1 401 /, name)
  t.equal(answer.length - answer.indexOf('\r\n\r\n') - 4, PAGE, name)
  t.equal(await raw.ending, 'closed', name)
}

for (const kind of ['sync', 'async']) {
  t.test(`${kind}: an answer that is given before the request was read arrives whole`, async t => {
    const holds = await startHolds(t)
    const server = await startServer(t, { app, spec: 'app.js', env: holds.env, args: ['-k', kind] })
    for (const connection of kind === 'sync' ? ['close', 'keep-alive'] : ['close']) {
      for (const way of WAYS) {
        const path = `/${way}/${connection}`
        const raw = await upload(t, server, path, connection)
        await server.log(new RegExp(`^answered ${path}$`))
        await isWhole(t, raw, path)
      }
    }
    const last = await upload(t, server, '/held/last', 'keep-alive')
    await holds.arrival('held')
    server.signal('SIGTERM')
    await server.log(handling('term'))
    holds.release('held')
    await server.log(/^answered \/held\/last$/)
    await isWhole(t, last, 'in a drain')
    t.same(await server.ended(), { code: 0, signal: null })
  })
}

t.test('a drain does not cut a request that is still being read away', async t => {
  const server = await startServer(t, { app, spec: 'app.js' })
  const raw = await connectRaw(t, server.target)
  raw.socket.pause()
  raw.write(head('/untouched', [`Content-Length: ${BODY}`]).replace('GET', 'POST'))
  await server.log(/^answered/)
  server.signal('SIGTERM')
  await server.log(handling('term'))
  await new Promise(resolve => raw.socket.write(Buffer.alloc(BODY, 'x'), resolve))
  await isWhole(t, raw, 'kept')
  t.same(await server.ended(), { code: 0, signal: null })
})

t.test('what is sent behind the last response of a connection is not served, and costs nothing of it', async t => {
  const server = await startServer(t, { app, spec: 'app.js', args: ['-k', 'sync'] })
  const raw = await connectRaw(t, server.target)
  raw.socket.pause()
  raw.write(head('/untouched/first') + head('/untouched/behind').repeat(5000))
  await server.log(/^answered \/untouched\/first$/)
  await isWhole(t, raw, 'first')
  t.same(server.logged(/behind/), [])
})

import t, { type Test } from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { connectRaw, head } from '../helpers/raw.js'
import { root } from '../helpers/root.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

/** The example of a framework, over several workers. */
function startExample(t: Test, name: string, options: ServerOptions = {}): Promise<Server> {
  return startServer(t, { cwd: `${root}docs/examples/${name}`, spec: 'app.js', workers: 2, ...options })
}

for (const name of ['hono', 'h3']) {
  t.test(`${name}: the example, over two workers`, async t => {
    const server = await startExample(t, name)
    const client = new Client(t, server.target, { keepAlive: true })
    const first = await client.get('/')
    t.match(first, { status: 200, body: /^Hello from worker \d+\n$/, headers: { 'content-length': /\d+/ } })
    t.equal((await client.get('/')).reused, true, 'the connection is kept')
    t.match(JSON.parse((await client.get('/peer')).body), { address: '127.0.0.1' })
    const note = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"title":"a b"}' }
    t.match(await client.get('/notes', note), {
      status: 201,
      headers: { location: '/notes/a%20b', 'content-type': /application\/json/ },
      body: '{"title":"a b"}',
    })
    await server.stdout.wait(/^noted: a b/)
    t.match(await client.get('/notes', { ...note, body: '{}' }), { status: 422, body: /a note has a title/ })
    t.match(await client.get('/none'), { status: 404 })
    t.match(await client.get('/', { method: 'HEAD' }), { status: 200, body: '' })
    const load = new Load(new Client(t, server.target), { concurrency: 8 })
    const answered = new Set<string>()
    while (answered.size < 2) answered.add((await new Client(t, server.target).get('/')).body)
    t.same(await load.stop(), [], 'both workers answer')
    t.same(await server.stop(), { code: 0, signal: null })
  })
}

t.test('hono: a stream of events ends when its client has left', async t => {
  const server = await startExample(t, 'hono')
  const raw = await connectRaw(t, server.target)
  raw.write(head('/events'))
  t.match(await raw.until(/id: 2\n/), /content-type: text\/event-stream\r\n/)
  raw.socket.destroy()
  await server.stdout.wait(/^the events of \/events have ended/)
})

t.test('hono: an error of a handler is its own page', async t => {
  const server = await startExample(t, 'hono')
  const reply = await new Client(t, server.target).get('/notes', { method: 'POST', body: 'no JSON' })
  t.match(reply, { status: 500, body: 'Oops' })
})

t.test('h3: a large body there and back', async t => {
  const server = await startExample(t, 'h3')
  const body = 'x'.repeat(5 * 2 ** 20)
  const reply = await new Client(t, server.target).get('/echo', { method: 'POST', body })
  t.equal(reply.body.length, body.length)
})

/** /start/NAME leaves work behind its response, which lasts until the test lets it go. */
const background = `import { get } from 'node:http'
const hold = name => new Promise((resolve, reject) => {
  get(process.env.HOLDS + '/' + name, { agent: false }, res => res.resume().on('end', resolve)).on('error', reject)
})
export default {
  fetch(request, { waitUntil }) {
    const name = new URL(request.url).pathname.slice(1)
    if (name) waitUntil(hold(name).then(() => console.log('finished ' + name)))
    return new Response(String(process.pid))
  },
}
`

t.test('a worker that drains away waits for what waitUntil was given', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: background, spec: 'app', env: holds.env })
  const worker = server.worker()
  t.equal((await new Client(t, server.target).get('/late')).pid, worker)
  await holds.arrival('late')
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.ok(server.workers().includes(worker), 'its successor serves, and it still runs')
  holds.release('late')
  await server.stdout.wait(/^finished late/)
  await server.log(messages.exited)
})

t.test('but not beyond the graceful timeout', async t => {
  const holds = await startHolds(t)
  const args = ['--graceful-timeout', '500ms']
  const server = await startServer(t, { app: background, spec: 'app', env: holds.env, args })
  await new Client(t, server.target).get('/endless')
  await holds.arrival('endless')
  t.same(await server.stop(), { code: 0, signal: null })
})

t.test('sync: one request at a time, until its response is finished', async t => {
  const holds = await startHolds(t)
  const app = `import { get } from 'node:http'
    const hold = name => new Promise(resolve => get(process.env.HOLDS + '/' + name, { agent: false }, res => res.resume().on('end', resolve)))
    let running = 0
    export default {
      fetch(request) {
        if (++running > 1) throw new Error('two at once')
        const name = new URL(request.url).pathname.slice(1)
        const encoder = new TextEncoder()
        return new Response(new ReadableStream({
          async start(controller) {
            controller.enqueue(encoder.encode('begin '))
            await hold(name)
            running--
            controller.enqueue(encoder.encode('end'))
            controller.close()
          },
        }))
      },
    }`
  const server = await startServer(t, { app, spec: 'app', env: holds.env, args: ['--worker-class', 'sync'] })
  const client = new Client(t, server.target)
  const first = client.get('/first')
  await holds.arrival('first')
  const second = client.get('/second')
  holds.release('first')
  await holds.arrival('second')
  t.equal((await first).body, 'begin end')
  holds.release('second')
  t.equal((await second).body, 'begin end')
})

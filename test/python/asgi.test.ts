import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { fixture, startPython } from '../helpers/python.js'
import { connectRaw, head } from '../helpers/raw.js'
import { standstill } from '../helpers/slow-peer.js'
import { until } from '../helpers/until.js'

const MEGABYTE = 1 << 20

t.test('an ASGI application that is one coroutine function', async t => {
  const server = await startPython(t, fixture('asgi.py'), { args: ['--response-buffer', '1mb'] })
  const { host = '', port = 0 } = 'port' in server.target ? server.target : {}
  const client = new Client(t, server.target)

  await t.test('the scope of a request', async t => {
    const raw = await connectRaw(t, server.target)
    const fields = ['X-Name: one', 'x-name: tw\xf6', 'Connection: close']
    raw.write(Buffer.from(head('/sc%6Fpe?a=1&b=%20', fields), 'latin1'))
    const [, body = ''] = (await raw.all()).split('\r\n\r\n')
    t.match(JSON.parse(body), {
      type: 'http',
      asgi: { version: '3.0', spec_version: '2.3' },
      http_version: '1.1',
      method: 'GET',
      scheme: 'http',
      path: '/scope',
      raw_path: "b'/sc%6Fpe'",
      query_string: "b'a=1&b=%20'",
      root_path: '',
      client: [host, Number],
      server: [host, port],
      headers: [
        ["b'host'", "b'test'"],
        ["b'x-name'", "b'one'"],
        ["b'x-name'", "b'tw\\xf6'"],
        ["b'connection'", "b'close'"],
      ],
    })
  })

  await t.test('what a proxy says of its client', async t => {
    const forwarded = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.9, 127.0.0.1' }
    const { body } = await client.get('/scope', { headers: forwarded })
    t.match(JSON.parse(body), { scheme: 'https', client: ['192.0.2.9', 0] })
  })

  await t.test('a body that is small is there at once', async t => {
    t.equal((await client.get('/pieces', { method: 'POST', body: 'four' })).body, '4 end')
    t.equal((await client.get('/pieces')).body, 'end')
  })

  await t.test('a larger one is passed on as it comes, and the answer while it comes', async t => {
    const raw = await connectRaw(t, server.target)
    raw.write(head('/pieces', ['Transfer-Encoding: chunked']).replace('GET', 'POST'))
    for (const size of [3, 5, 7]) {
      raw.write(`${size}\r\n${'x'.repeat(size)}\r\n`)
      await raw.until(new RegExp(`\\r\\n${size} \\r\\n`))
    }
    raw.write('0\r\n\r\n')
    t.match(await raw.until(/0\r\n\r\n$/), /\r\nend\r\n/)
  })

  await t.test('but a form is there at once, and has its length', async t => {
    const headers = { 'Transfer-Encoding': 'chunked', 'Content-Type': 'application/x-www-form-urlencoded' }
    t.equal((await client.get('/pieces', { method: 'POST', headers, body: 'a=b&c=d' })).body, '7 end')
    const scope = JSON.parse((await client.get('/scope', { method: 'POST', headers, body: 'a=b' })).body)
    t.match(scope.headers, [["b'content-length'", "b'3'"]])
    t.notMatch(JSON.stringify(scope.headers), /transfer-encoding/)
  })

  await t.test('a long one arrives whole', async t => {
    const body = Buffer.alloc(5 * MEGABYTE, 'x')
    const reply = await client.get('/pieces', { method: 'POST', body })
    const sizes = reply.body.split(' ').slice(0, -1).map(Number)
    t.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      body.length,
    )
  })

  await t.test('100 Continue is sent when the body is received', async t => {
    const raw = await connectRaw(t, server.target)
    raw.write(head('/pieces', ['Expect: 100-continue', 'Content-Length: 2']).replace('GET', 'POST'))
    await raw.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
    raw.write('ok')
    t.match(await raw.until(/end/), /HTTP\/1\.1 200 OK\r\n/)
  })

  await t.test('early hints, and a file that the front sends', async t => {
    const raw = await connectRaw(t, server.target)
    raw.write(head('/early'))
    t.match(
      await raw.until(/ok$/),
      /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/style\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200/i,
    )
    t.match(await client.get('/path'), { status: 200, body: fixture('asgi.py') })
    t.match(await client.get('/path', { method: 'HEAD' }), { status: 200, body: '' })
  })

  await t.test('many requests at once run in one process', async t => {
    const replies = await client.many(10, '/meet')
    t.same([...new Set(replies.map(({ body }) => Number(body)))], server.pythons())
  })

  await t.test('a client that leaves is told of', async t => {
    const raw = await connectRaw(t, server.target)
    raw.write(head('/wait'))
    await raw.until(/begun/)
    raw.socket.destroy()
    const told = '["http.request", "http.disconnect"]'
    await t.resolves(until('it knows', async () => (await client.get('/gone')).body === told))
  })

  await t.test('so is the end of an answer', async t => {
    await client.get('/after', { method: 'POST', body: 'x' })
    await t.resolves(until('it knows', async () => JSON.parse((await client.get('/gone')).body).length === 3))
  })

  await t.test('a client that does not read stops the application, and no other request', async t => {
    const raw = await connectRaw(t, server.target)
    raw.socket.pause()
    raw.write(head('/flood'))
    t.ok((await standstill(client, '/sent')) < 16 * MEGABYTE)
    raw.socket.destroy()
    const spent = async () => (await client.get('/spent')).body
    await t.resolves(
      until('it does not go on for ever when the client has gone', async () => (await spent()) === 'ClientGone'),
    )
  })

  await t.test('a request has context variables of its own', async t => {
    t.equal((await client.get('/variables')).body, 'unset')
    t.equal((await client.get('/variables')).body, 'unset')
  })

  await t.test('a request for another upgrade than a WebSocket is a plain one', async t => {
    const headers = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': '' }
    t.match(await client.get('/pieces', { headers, method: 'POST', body: 'four' }), { status: 200, body: '4 end' })
  })
})

/** What an application does wrong, what its client gets, and what the log says. */
const BREACHES: readonly (readonly [path: string, status: number, said: RegExp])[] = [
  ['raises', 500, /^on purpose$/],
  ['returns', 500, /returned before it had sent http\.response\.start/],
  ['body_first', 500, /sent 'http\.response\.body': wanted http\.response\.start/],
  ['two_starts', 500, /sent 'http\.response\.start': wanted http\.response\.body/],
  ['text_body', 500, /body must be bytes, found str/],
  ['text_header', 500, /illegal header \('name', 'value'\): wanted bytes, found str/],
  ['split_header', 500, /it has a line break or NUL/],
  ['text_status', 500, /illegal status: wanted an int such as 200, found str/],
  ['early_status', 500, /illegal status "101/],
  ['too_much', 200, /sent 'http\.response\.body' after its response was complete/],
]

t.test('an ASGI application that breaks its contract', async t => {
  const server = await startPython(t, fixture('asgi.py'), {
    expectErrors: [messages.applicationFailed, messages.pythonExited],
    args: ['--restart-backoff', '10ms..50ms'],
  })
  const client = new Client(t, server.target)
  for (const [path, status, said] of BREACHES) {
    const count = server.logged(messages.applicationFailed).length
    t.equal((await client.get(`/${path}`)).status, status, path)
    await server.log(messages.applicationFailed, { count: count + 1 })
    const line = server.logged(messages.applicationFailed)[count]
    t.match(line, { method: 'GET', path: `/${path}`, err: { message: said } }, path)
    t.notMatch(JSON.stringify(line?.err), /asgi\.py", line/, 'without the frames of the server')
  }
  for (const path of ['raises_late', 'returns_late']) {
    await t.rejects(client.get(`/${path}`), { code: 'ECONNRESET' }, `${path}: the connection is cut`)
  }
  const before = server.pythons()
  t.equal((await client.get('/leaves')).status, 500)
  t.match(await server.log(messages.pythonExited), { reason: 'exited', exitCode: 3 })
  await server.log(messages.pythonReady, { count: 2 })
  t.not((await client.get('/')).pid, before[0])
})

t.test('the path has the root path in it, whether it was sent with that or not', async t => {
  const app = fixture('asgi.py').replace("scope['path'].strip('/')", "scope['path'].split('/')[-1]")
  const server = await startPython(t, app, { args: ['--root-path', '/api'] })
  const client = new Client(t, server.target)
  for (const path of ['/api/scope', '/scope']) {
    const scope = JSON.parse((await client.get(path)).body)
    t.match(scope, { root_path: '/api', path: '/api/scope', raw_path: "b'/api/scope'" }, path)
  }
  const told = async (mount: string): Promise<unknown> =>
    JSON.parse((await client.get('/scope', { headers: { SCRIPT_NAME: mount } })).body)
  t.match(await told('/other'), { root_path: '/other', path: '/other/scope' }, 'a proxy knows better')
  t.match(await told('/'), { root_path: '', path: '/scope' })
})

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Client } from '../helpers/http.js'
import { fixture, startPython } from '../helpers/python.js'
import { connectRaw, head, type Raw } from '../helpers/raw.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

/** What the application has told by its file `notes`. */
function notes(server: Server): string[] {
  return readFileSync(join(server.cwd, 'notes'), 'utf8').trimEnd().split('\n')
}

function noted(server: Server, note: string): Promise<void> {
  return until(`the application notes "${note}"`, () => notes(server).includes(note))
}

function open(server: Server, gate: string): void {
  writeFileSync(join(server.cwd, gate), '')
}

async function send(t: Test, server: Server, path: string): Promise<Raw> {
  const raw = await connectRaw(t, server.target)
  raw.write(head(path))
  return raw
}

t.test('answers of applications that keep to PEP 3333', async t => {
  const server = await startPython(t, fixture('contract.py'), {
    files: { notes: '' },
    workers: 2,
    expectErrors: [
      /^hop-by-hop headers are not sent: Connection, Keep-Alive, Transfer-Encoding/,
      /^the body is longer/,
      /^the body is shorter/,
    ],
  })
  const client = new Client(t, server.target, { keepAlive: true })

  t.test('each chunk is sent before the next one is asked for', async t => {
    const raw = await send(t, server, '/chunks')
    await raw.until(/one $|one \r\n/)
    await noted(server, 'asked 2')
    open(server, 'gate-chunks')
    t.match(await raw.until(/two\r\n0\r\n\r\n$/), /Transfer-Encoding: chunked/)
  })

  t.test('write() sends at once', async t => {
    const raw = await send(t, server, '/written')
    await raw.until(/one \r\n/)
    open(server, 'gate-written')
    await raw.until(/two \r\n.*three\r\n0\r\n\r\n$/s)
  })

  t.test('start_response in the iterator, and with exc_info before the head', async t => {
    t.match(await client.get('/lazily'), { status: 202, body: 'lazy' })
    const reply = await client.get('/replaced')
    t.match(reply, { status: 503, body: 'replaced' })
    t.notOk('x-first' in reply.headers, 'the first head is forgotten')
  })

  t.test('a list is one body, however many chunks it has', async t => {
    const { headers, body } = await client.get('/many')
    t.equal(headers['content-length'], '160000')
    t.match(body, /^0000000 .* 0019999 $/s)
    t.match(await client.get('/many', { method: 'HEAD' }), { body: '', headers: { 'content-length': '160000' } })
    t.match(await client.get('/empty'), { body: '', headers: { 'content-length': '0' } })
  })

  t.test('statuses without a body, and HEAD', async t => {
    for (const status of ['204 No Content', '304 Not Modified', '205 Reset Content']) {
      const reply = await client.get(`/status?${status.replaceAll(' ', '+')}`)
      t.match(reply, { status: Number(status.slice(0, 3)), body: '' })
    }
    t.match(await client.get('/length?1000', { method: 'HEAD' }), { body: '', headers: { 'content-length': '2000' } })
    const raw = await send(t, server, '/lazily')
    raw.write(`${head('/lazily').replace('GET', 'HEAD')}${head('/empty')}`)
    const text = await raw.until(/Content-Length: 0\r\n.*\r\n\r\n$/s)
    t.equal(text.split('HTTP/1.1 202 Accepted').length - 1, 2)
    t.equal(text.split('lazy').length - 1, 1, 'HEAD has no body, and its connection stays')
  })

  t.test('blanks around values are none of them', async t => {
    const raw = await send(t, server, '/blanks')
    await raw.until(/ok$/)
    t.match(raw.text, 'Set-Cookie: a=b\r\n', 'Django 3.2 sends one with a blank in front')
    t.match(raw.text, 'X-Tab: c\xe0\r\n')
    t.match(raw.text, 'X-Empty: \r\n')
    t.match(raw.text, 'Content-Length: 2\r\n')
  })

  t.test("hop-by-hop fields are the server's", async t => {
    t.match(await client.get('/hop'), { status: 200, body: 'ok', headers: { connection: 'keep-alive' } })
  })

  t.test('bodies are held to their length', async t => {
    const { body } = await client.get('/length?3')
    t.equal(body, 'ababab')
    await noted(server, 'iterated length')
    t.equal((await client.get('/long')).body, 'four')
    const raw = await send(t, server, '/short')
    t.match(await raw.all(), /two$/, 'the connection closes')
  })

  t.test('early hints', async t => {
    const raw = await send(t, server, '/hints')
    t.match(
      await raw.until(/hinted$/),
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200/,
    )
  })

  t.test('close() is called once, after the last chunk', async t => {
    for (const method of ['GET', 'HEAD']) {
      await client.get(`/closing?${method}`, { method })
      await noted(server, `closed ${method}`)
    }
    const raw = await send(t, server, '/late')
    await raw.until(/late$/)
    await noted(server, 'closed late')
    // The other process serves while this one is in its close().
    for (let i = 0; i < 5; i++) t.equal((await client.get('/lazily')).body, 'lazy')
    open(server, 'gate-late')
    t.equal(notes(server).filter(note => note === 'closed GET').length, 1)
  })

  t.test('clients that leave', async t => {
    for (const path of ['/forever?1', '/forever?2']) {
      const raw = await send(t, server, path)
      await raw.until(/xxx/)
      raw.socket.destroy()
      await noted(server, `left ${path.slice(-1)}`)
    }
    const raw = await send(t, server, '/silent')
    await raw.until(/begun/)
    raw.socket.destroy()
    await noted(server, 'left silent')
    t.equal((await client.get('/lazily')).body, 'lazy')
  })

  t.test('nothing of a request is kept in memory', async t => {
    const single = await startPython(t, fixture('contract.py'), { files: { notes: '' } })
    const other = new Client(t, single.target)
    for (const body of ['', 'b'.repeat(100_000)]) {
      await other.get('/forgets', { method: 'POST', body })
      t.equal((await other.get('/forgets', { method: 'POST', body })).body, '2 left ')
    }
  })

  t.test('what a request has left does nothing to the next one', async t => {
    const single = await startPython(t, fixture('contract.py'))
    const other = new Client(t, single.target)
    for (const body of ['', 'b'.repeat(100_000)]) {
      await other.get('/keep', { method: 'POST', body })
      const reply = await other.get('/use', { method: 'POST', body: 'own' })
      t.match(reply.body, body === '' ? /^input b''\n/ : /^input OSError: wsgi\.input was read after/)
      t.match(reply.body, /^write RuntimeError: write\(\) was called after the request had ended$/m)
      t.match(reply.body, /^hints None\nown$/m)
      t.equal(reply.body.includes('intruder'), false)
    }
  })
})

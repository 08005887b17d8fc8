import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { atEnd } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { fixture, startPython } from '../helpers/python.js'
import { connectRaw, head } from '../helpers/raw.js'
import type { Server } from '../helpers/server-process.js'
import { standstill } from '../helpers/slow-peer.js'
import { until } from '../helpers/until.js'
import { ask, closing, openWebSocket } from '../helpers/web-socket.js'

const MEGABYTE = 1 << 20
const HANDSHAKE = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='

/** How a WebSocket was closed: code and reason. */
async function closed(socket: WebSocket): Promise<[number, string]> {
  const [code, reason] = await once(socket, 'close')
  return [Number(code), String(reason)]
}

/** A WebSocket that has not opened yet. */
function newSocket(
  t: Test,
  { target }: Server,
  path: string,
  protocols: string[],
  perMessageDeflate = true,
): WebSocket {
  const { host = '', port = 0 } = 'port' in target ? target : {}
  const socket = new WebSocket(`ws://${host}:${port}${path}`, protocols, { perMessageDeflate })
  atEnd(t, () => socket.terminate())
  return socket
}

/** One whose messages are as long on their way as they are. */
async function openPlain(t: Test, server: Server, path: string): Promise<WebSocket> {
  const socket = newSocket(t, server, path, [], false)
  await once(socket, 'open')
  return socket
}

/** The whole answer to a request for a WebSocket, which is denied. */
async function denied(t: Test, server: Server, path: string, fields = [...HANDSHAKE, KEY]): Promise<string> {
  const raw = await connectRaw(t, server.target)
  raw.write(head(path, fields))
  return raw.all()
}

type Test = Parameters<typeof atEnd>[0]

t.test('WebSockets of an ASGI application', async t => {
  const server = await startPython(t, fixture('websocket.py'), {
    args: ['--access-logfile', 'access.log', '--response-buffer', '1mb', '--restart-backoff', '10ms..50ms'],
    expectErrors: [messages.applicationFailed, messages.pythonExited],
  })
  const client = new Client(t, server.target)
  const state = async (name: string) => (await client.get(`/${name}`)).body

  await t.test('messages of text and of bytes, small and large', async t => {
    const socket = await openWebSocket(t, server.target, '/echo')
    t.equal(String(await ask(socket, 'héllo')), 'héllo')
    t.same(await ask(socket, Buffer.from([0, 255, 1])), Buffer.from([0, 255, 1]))
    t.equal((await ask(socket, Buffer.alloc(0))).length, 0)
    t.equal((await ask(socket, 'x'.repeat(5 * MEGABYTE))).length, 5 * MEGABYTE)
    socket.close(4005, 'mine')
    await t.resolves(until('the code has arrived', async () => (await state('gone')) === "[(4005, 'mine')]"))
  })

  await t.test('the handshake: subprotocol, headers, compression', async t => {
    const socket = newSocket(t, server, '/echo', ['other', 'chat'])
    const [[res]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'open')])
    t.match(res.headers, { 'x-scheme': 'ws', 'set-cookie': ['a=1', 'b=2'] })
    t.match(socket, { protocol: 'chat', extensions: 'permessage-deflate' })
  })

  await t.test('the application closes, returns, raises, or closes with a code that is none', async t => {
    const ways = { close: [4001, 'bye'], return: [1000, ''], raise: [1011, ''], wrong: [1011, ''] }
    for (const [message, end] of Object.entries(ways)) {
      const socket = await openWebSocket(t, server.target, '/echo')
      socket.send(message)
      t.same(await closed(socket), end, message)
    }
    await t.resolves(server.log(messages.applicationFailed, { count: 2 }))
  })

  await t.test('the application denies it', async t => {
    t.match(await denied(t, server, '/denied'), /^HTTP\/1\.1 403 Forbidden\r\n/)
    const answer = await denied(t, server, '/answered')
    t.match(
      answer,
      /^HTTP\/1\.1 401 Unauthorized\r\nx-why: no cookie\r\nDate: .*\r\nConnection: close\r\n\r\nlog in first$/,
    )
    t.match(await denied(t, server, '/raises'), /^HTTP\/1\.1 500 /)
    t.match(await denied(t, server, '/split'), /^HTTP\/1\.1 500 /)
    await t.resolves(server.log(messages.applicationFailed, { count: 4 }))
  })

  await t.test('a handshake that is none does not reach the application', async t => {
    t.match(await denied(t, server, '/echo', HANDSHAKE), /^HTTP\/1\.1 400 Bad Request\r\n/)
    t.match(await denied(t, server, '/echo', [...HANDSHAKE.slice(0, 2), KEY]), /^HTTP\/1\.1 426 [\s\S]*Version: 13\r\n/)
  })

  await t.test('an application that is slow stops its client', async t => {
    const socket = await openPlain(t, server, '/lazy')
    for (let i = 0; i < 64; i++) socket.send(Buffer.alloc(MEGABYTE))
    const seen: number[] = []
    await until('the client stands still', async () => {
      await state('gone')
      seen.push(socket.bufferedAmount)
      return new Set(seen.slice(-5)).size === 1 && seen.length > 5
    })
    t.ok(socket.bufferedAmount > 32 * MEGABYTE, 'most of it waits there')
    writeFileSync(join(server.cwd, 'go'), '')
    await t.resolves(until('it has all', async () => (await state('received')) === String(64 * MEGABYTE)))
    socket.close()
  })

  await t.test('a client that is slow stops its application, which learns of its end', async t => {
    const socket = await openPlain(t, server, '/flood')
    socket.pause()
    t.ok((await standstill(client, '/sent')) < 16 * MEGABYTE)
    socket.terminate()
    await t.resolves(until('it is told', async () => (await state('spent')) === 'ClientGone'))
  })

  await t.test('a message that is too large', async t => {
    const socket = await openWebSocket(t, server.target, '/echo')
    socket.on('error', () => {})
    const end = closing(socket)
    socket.send(Buffer.alloc(17 * MEGABYTE))
    t.equal(await end, 1009)
  })

  await t.test('its process ends', async t => {
    const [one, other] = [
      await openWebSocket(t, server.target, '/echo'),
      await openWebSocket(t, server.target, '/echo'),
    ]
    const ends = [closing(one), closing(other)]
    one.send('die')
    t.same(await Promise.all(ends), [1011, 1011])
    await server.log(messages.pythonReady, { count: 2 })
    t.equal(String(await ask(await openWebSocket(t, server.target, '/echo'), 'again')), 'again')
  })

  await t.test('a reload closes it so that the client connects again', async t => {
    const socket = await openWebSocket(t, server.target, '/echo')
    const end = closing(socket)
    server.signal('SIGHUP')
    await server.log(messages.reloaded)
    // The old front may still have taken one that comes at once: its end is the same.
    await until('a new one is served', async () => {
      const next = await openWebSocket(t, server.target, '/echo')
      return (await Promise.race([ask(next, 'new'), closing(next)])) !== 1012
    })
    client.close()
    t.equal(await end, 1012)
  })

  await t.test('so does the end of the server', async t => {
    const socket = await openWebSocket(t, server.target, '/echo')
    const end = closing(socket)
    t.same(await server.stop(), { code: 0, signal: null })
    t.equal(await end, 1012)
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { peakOf } from '../helpers/process.js'
import { fixture, startPython } from '../helpers/python.js'
import { connectRaw, head, type Raw } from '../helpers/raw.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

const MB = 1 << 20
const SIZE = 100
/** What the front may grow by for answers of 100 MB: its buffer for each client, and what is not collected yet. */
const GROWTH = 60 * MB

function counting(raw: Raw): { readonly bytes: number } {
  const seen = { bytes: 0 }
  raw.socket.removeAllListeners('data')
  raw.socket.on('data', (text: string) => {
    seen.bytes += text.length
  })
  return seen
}

function has(server: Server, note: string): boolean {
  return readFileSync(join(server.cwd, 'notes'), 'utf8').includes(note)
}

t.test('answers of 100 MB', async t => {
  const server = await startPython(t, fixture('bodies.py'), {
    files: { notes: '' },
    workers: 3,
    args: ['--timeout', '8s', '--restart-backoff', '1ms..1ms'],
    expectErrors: [messages.pythonHangs, messages.pythonExited],
  })
  const client = new Client(t, server.target)
  await client.get('/whole?1')
  const before = peakOf(server.worker())

  t.test('a client that takes its time, and in the end all of it', async t => {
    const clients = await Promise.all(
      ['/stream', '/whole'].map(async path => {
        const raw = await connectRaw(t, server.target)
        raw.socket.pause()
        raw.write(head(`${path}?${SIZE}`, ['Connection: close']))
        return { raw, seen: counting(raw) }
      }),
    )
    // For longer than `timeout`, as the end of a request shows that does hang.
    t.equal((await client.get('/hang')).status, 504)
    t.equal(server.logged(messages.pythonHangs).length, 1, 'Python waits for its clients, and does not hang')
    t.notOk(has(server, 'streamed'), 'it was stopped')
    t.equal((await client.get('/ok')).status, 200)
    for (const { raw } of clients) raw.socket.resume()
    for (const { raw, seen } of clients) {
      t.equal(await raw.ending, 'closed')
      t.ok(seen.bytes > SIZE * MB, `${seen.bytes} bytes`)
    }
    await until('the stream ended', () => has(server, 'streamed'))
  })

  t.test('clients that leave in the middle', async t => {
    for (const path of ['/stream', '/whole']) {
      for (const pauses of [false, true]) {
        const raw = await connectRaw(t, server.target)
        const seen = counting(raw)
        raw.write(head(`${path}?${SIZE}`))
        await until('it came', () => seen.bytes > MB)
        if (pauses) raw.socket.pause()
        raw.socket.destroy()
      }
    }
    for (let i = 0; i < 6; i++) t.equal((await client.get('/ok')).status, 200)
  })

  const grown = peakOf(server.worker()) - before
  t.ok(grown < GROWTH, `the front grew by ${grown / MB} MB`)
})

import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { NativeBody } from '../../lib/http/native/body.js'
import { Inbox, READ_AHEAD } from '../../lib/http/native/inbox.js'
import { joinSmallChunks } from '../../lib/http/small-chunks.js'
import { Spool } from '../../lib/http/upload/spool.js'
import { UploadSpace } from '../../lib/http/upload/upload-space.js'
import { LIMITS } from './native/limits.js'

// A client that sends its body byte by byte takes no more memory than one that sends it at once: a buffer for each byte
// would take a hundred times as much.

const CHUNKED = { bodyLength: Number.POSITIVE_INFINITY, isChunked: true, keepAlive: true, expectsContinue: false }
const OWNER = { refusal: undefined, answer: { gone: false, headSent: false }, goOn: () => {}, readOn: () => {} }

t.test('what waits of a body is one piece', async t => {
  const body = new NativeBody(OWNER, CHUNKED, LIMITS)
  const text = Array.from({ length: 5000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('')
  const chunks = Buffer.from([...text].map(byte => `1\r\n${byte}\r\n`).join(''))
  t.equal(body.feed(chunks, 0, chunks.length), chunks.length)
  t.equal(String(body.take()), text)
  t.equal(body.take(), undefined)
  for (let at = 0; at < chunks.length; at = body.feed(chunks, at, at + 6));
  t.equal(String(body.take()), text, 'nor does it matter how they arrive')
})

t.test('what waits takes no more than what was read', async t => {
  const body = new NativeBody(OWNER, CHUNKED, LIMITS)
  const inbox = new Inbox()
  const most = 2 * READ_AHEAD
  const chunk = Buffer.from(`64\r\n${'x'.repeat(100)}\r\n`)
  inbox.add(Buffer.alloc(3000), 0, 3000)
  // As much as waits before reading stops, and one more read.
  for (let at = 3000; at < most - chunk.length; at += chunk.length) {
    body.feed(chunk, 0, chunk.length)
    inbox.add(chunk, 0, chunk.length)
  }
  const waiting = body.take()
  t.ok(waiting)
  t.ok((waiting?.buffer.byteLength ?? 0) <= most, `the body: ${waiting?.buffer.byteLength}`)
  t.equal(inbox.bytes.length, most)
  inbox.takeUpTo(inbox.end - 20)
  t.equal(String(inbox.bytes.subarray(inbox.start, inbox.end)), String(chunk.subarray(-20)))
  t.equal(inbox.bytes.length, 1024, 'the little that is left gives back the room')
})

t.test('node:http gets the small chunks of a packet as one', async t => {
  const req = new IncomingMessage(new Socket())
  const pushed: number[] = []
  const push = req.push
  req.push = (...args) => {
    pushed.push(args[0]?.length ?? -1)
    return Reflect.apply(push, req, args)
  }
  joinSmallChunks(req)
  const text = 'small'.repeat(1000)
  for (const byte of text) req.push(Buffer.from(byte))
  await turn()
  for (const size of [1, 2, 5000, 1]) req.push(Buffer.alloc(size, 'x'))
  req.push(null)
  t.same(pushed, [5000, 3, 5000, 1, -1])
  let all = ''
  for await (const chunk of req) all += chunk
  t.equal(all, text + 'x'.repeat(5004))
})

t.test('a client is stopped when as much waits as node:http lets wait', async t => {
  const req = new IncomingMessage(new Socket())
  joinSmallChunks(req)
  let isWanted = true
  for (let i = 0; i < req.readableHighWaterMark; i++) isWanted = req.push(Buffer.from('x'))
  t.notOk(isWanted)
})

t.test('pieces in memory count with what each of them takes', async t => {
  const directory = t.testdir()
  const spool = new Spool(new UploadSpace(directory))
  for (let i = 0; i < 10_000; i++) await spool.add(Buffer.from('x'))
  t.equal(spool.size, 10_000)
  t.ok(spool.file, 'they lie in a file')
  await spool.flush()
  t.equal((await spool.file?.stat())?.size, 10_000)
  await spool.close()
})

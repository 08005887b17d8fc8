import t from 'tap'
import { NativeBody } from '../../lib/http/native/body.js'
import { Spool } from '../../lib/http/upload/spool.js'
import { UploadSpace } from '../../lib/http/upload/upload-space.js'
import { LIMITS } from './native/limits.js'

// A client that sends its body byte by byte takes no more memory than one that sends it at once: a buffer for each byte
// would take a hundred times as much.

const OWNER = { refusal: undefined, answer: { gone: false, headSent: false }, goOn: () => {}, readOn: () => {} }

t.test('what waits of a body is one piece', async t => {
  const framing = { bodyLength: Number.POSITIVE_INFINITY, isChunked: true, keepAlive: true, expectsContinue: false }
  const body = new NativeBody(OWNER, framing, LIMITS)
  const text = Array.from({ length: 5000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('')
  const chunks = Buffer.from([...text].map(byte => `1\r\n${byte}\r\n`).join(''))
  t.equal(body.feed(chunks, 0, chunks.length), chunks.length)
  t.equal(String(body.take()), text)
  t.equal(body.take(), undefined)
  for (let at = 0; at < chunks.length; at = body.feed(chunks, at, at + 6));
  t.equal(String(body.take()), text, 'nor does it matter how they arrive')
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

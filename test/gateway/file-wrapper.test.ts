import { createReadStream, fstatSync, openSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { errorCode } from '../../lib/errors.js'
import { fileWrapper } from '../../lib/gateway/wsgi/file-wrapper.js'
import type { Environ, FileSource, StartResponse } from '../../lib/gateway/wsgi/types.js'
import { until } from '../helpers/until.js'
import { request, serve } from './serve.js'

const content = 'unicorn'.repeat(30_000)

async function blocks(source: FileSource, size?: number): Promise<string[]> {
  const parts: string[] = []
  const body = fileWrapper(source, size)
  for await (const block of body) parts.push(Buffer.from(block).toString())
  await body.close()
  return parts
}

/** The descriptor is closed in the kernel too. */
function isClosed(fd: number): boolean {
  try {
    fstatSync(fd)
    return false
  } catch (error) {
    return errorCode(error) === 'EBADF'
  }
}

t.test('every kind of source gives its content in blocks', async t => {
  const path = join(t.testdir({ file: content }), 'file')
  const sources: Record<string, () => FileSource | Promise<FileSource>> = {
    path: () => path,
    url: () => pathToFileURL(path),
    descriptor: () => openSync(path, 'r'),
    handle: () => open(path),
    stream: () => createReadStream(path),
  }
  for (const [kind, source] of Object.entries(sources)) {
    const parts = await blocks(await source())
    t.equal(parts.join(''), content, kind)
    t.ok(
      parts.every(part => part.length <= 64 * 1024),
      kind,
    )
  }
  t.equal((await blocks(path, 1000)).length, 210)
})

t.test('an object with read(), as in Python', async t => {
  const parts = ['one', Buffer.from('two'), '']
  let closed = 0
  const file = { read: () => parts.shift() ?? null, close: () => closed++ }
  t.same(await blocks(file), ['one', 'two'])
  t.equal(closed, 1)
  await t.rejects(blocks({ read: () => JSON.parse('5') }), /gave number/)
})

t.test('a block size that makes no sense', async t => {
  t.throws(() => fileWrapper('x', 0), /block size 0/)
  t.throws(() => fileWrapper('x', 1.5), /block size/)
})

t.test('it is closed, whether it was read or not', async t => {
  const path = join(t.testdir({ file: content }), 'file')
  const fd = openSync(path, 'r')
  const unread = fileWrapper(fd)
  await unread.close()
  await unread.close()
  t.ok(isClosed(fd))
  const stream = new PassThrough()
  await fileWrapper(stream).close()
  t.ok(stream.destroyed)
  await fileWrapper(join(path, 'never opened')).close()
})

t.test('closing waits for the read that is under way', async t => {
  const path = join(t.testdir({ file: content }), 'file')
  const fd = openSync(path, 'r')
  const body = fileWrapper(fd)
  const pending = body[Symbol.asyncIterator]().next()
  const closed = body.close()
  t.equal((await pending).value?.length, 64 * 1024)
  await closed
  t.ok(isClosed(fd))
})

t.test('closing a stream does not wait for what may never come', async t => {
  const stream = new PassThrough()
  const body = fileWrapper(stream)
  const pending = body[Symbol.asyncIterator]().next()
  const failed = t.rejects(pending, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  await body.close()
  t.ok(stream.destroyed)
  await failed
})

t.test('as a response', async t => {
  const path = join(t.testdir({ file: content }), 'file')
  const handles: FileHandle[] = []
  const server = await serve(t, async (environ: Environ, startResponse: StartResponse) => {
    const length = environ.PATH_INFO === '/' ? [['Content-Length', String(content.length)] as const] : []
    startResponse('200 OK', length)
    const handle = await open(environ.PATH_INFO === '/missing' ? '/does/not/exist' : path)
    handles.push(handle)
    return environ['wsgi.file_wrapper'](handle)
  })
  const closed = (): boolean => handles.every(handle => handle.fd === -1)
  t.ok((await server.exchange(request())).endsWith(`\r\n\r\n${content}`))
  t.match(await server.exchange(request('HEAD')), `Content-Length: ${content.length}`)
  t.match(await server.exchange(request().replace('/', '/missing')), /^HTTP\/1.1 500/)
  t.match(server.log.errors, [/ENOENT/])
  await until('all files are closed', closed)

  const client = await server.connect()
  client.socket.pause()
  client.write(request())
  await until('the file is open', () => handles.length === 3)
  client.socket.destroy()
  await until('it is closed when the client leaves', closed)
})

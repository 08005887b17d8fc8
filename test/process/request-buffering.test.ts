import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { connectRaw, type Raw } from '../helpers/raw.js'
import { requireCommand } from '../helpers/require-command.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

const MB = 2 ** 20
const BODY = randomBytes(3 * MB)

/** Answers with the digest of its body, and what the environ says of that. */
const APP = `import { createHash } from 'node:crypto'
const digest = bytes => createHash('sha1').update(bytes).digest('hex')
export async function wsgi(environ, startResponse) {
  const { CONTENT_LENGTH, HTTP_TRANSFER_ENCODING } = environ
  const body = await environ['wsgi.input'].read()
  startResponse('200 OK', [])
  return [JSON.stringify({ length: CONTENT_LENGTH, coding: HTTP_TRANSFER_ENCODING, digest: digest(body) })]
}
export async function fetch(request) {
  const chunks = []
  for await (const chunk of request.body ?? []) chunks.push(chunk)
  return Response.json({ digest: digest(Buffer.concat(chunks)) })
}
`

const post = (length: string): string => `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${length}\r\n\r\n`
const digestOf = (body: Buffer): string => createHash('sha1').update(body).digest('hex')

function prepared(t: Test): string {
  const cwd = testdir(t, { 'app.js': APP })
  mkdirSync(join(cwd, 'uploads'))
  return cwd
}

async function start(t: Test, face: string, { args = [], ...options }: Partial<ServerOptions> = {}): Promise<Server> {
  return startServer(t, {
    cwd: prepared(t),
    spec: `app:${face}`,
    args: ['--interface', face, '--worker-class', 'sync', '--tmp-upload-dir', 'uploads', ...args],
    ...options,
  })
}

/** Files for uploads that a process has open, as the kernel names them. */
function filesOf(pid: number): string[] {
  const fds = `/proc/${pid}/fd`
  return readdirSync(fds).flatMap(fd => {
    try {
      const name = readlinkSync(join(fds, fd))
      return name.includes('/uploads/') ? name : []
    } catch {
      return []
    }
  })
}

async function json(raw: Raw): Promise<unknown> {
  return JSON.parse((await raw.all()).split('\r\n\r\n').at(-1) ?? '')
}

for (const face of ['wsgi', 'fetch']) {
  for (const [name, args] of [
    ['sync', []],
    ['async with --request-buffering', ['--worker-class', 'async', '--request-buffering']],
  ] as const) {
    t.test(`${face}, ${name}: a request begins when its body is there`, async t => {
      const server = await start(t, face, { args })
      const [plain, chunked] = [await connectRaw(t, server.target), await connectRaw(t, server.target)]
      plain.write(post(`Content-Length: ${BODY.length}`))
      plain.write(BODY.subarray(0, -1))
      chunked.write(post('Transfer-Encoding: chunked'))
      chunked.write('3\r\nabc\r\n')
      const worker = server.worker()
      await until(
        'the large one is in a file without a name',
        () => filesOf(worker)[0]?.endsWith(' (deleted)') ?? false,
      )
      const client = new Client(t, server.target)
      t.equal((await client.get()).status, 200)
      t.match(JSON.parse((await client.get('/', { method: 'POST', body: 'small' })).body), {
        digest: digestOf(Buffer.from('small')),
      })
      plain.write(BODY.subarray(-1))
      t.match(await json(plain), { digest: digestOf(BODY) })
      await until('the file is gone', () => filesOf(worker).length === 0)
      chunked.write('2\r\nde\r\n0\r\n\r\n')
      const answer = await json(chunked)
      t.match(answer, { digest: digestOf(Buffer.from('abcde')) })
      t.match(answer, face === 'wsgi' ? { length: '5', coding: undefined } : {})
    })
  }
}

t.test('without buffering, a request begins with its head', async t => {
  const server = await start(t, 'wsgi', { args: ['--no-request-buffering'] })
  const raw = await connectRaw(t, server.target)
  raw.write(`${post('Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`)
  t.match(await json(raw), { length: '', coding: 'chunked', digest: digestOf(Buffer.from('abc')) })
})

t.test('what is too large, or broken, is refused before the application runs', async t => {
  const server = await start(t, 'wsgi', { args: ['--limit-request-body', '10'] })
  for (const [bytes, status] of [
    [`${post('Transfer-Encoding: chunked')}b\r\nabcdefghijk\r\n`, 413],
    [`${post('Transfer-Encoding: chunked')}x\r\n`, 400],
    [`${post('Transfer-Encoding: chunked')}1\r\na\r\n0\r\nHost: b\r\n\r\n`, 400],
  ] as const) {
    const raw = await connectRaw(t, server.target)
    raw.write(bytes)
    t.match(await raw.all(), new RegExp(`^HTTP/1\\.1 ${status} `))
  }
  const leaving = await connectRaw(t, server.target)
  leaving.write(`${post('Content-Length: 5')}a`)
  leaving.socket.destroy()
  t.equal((await new Client(t, server.target).get()).status, 200)
})

t.test('a worker that is killed leaves no files', async t => {
  const server = await start(t, 'wsgi', { expectErrors: [messages.exited] })
  const raw = await connectRaw(t, server.target)
  raw.write(post(`Content-Length: ${BODY.length}`))
  raw.write(BODY.subarray(0, -1))
  const worker = server.worker()
  await until('it is in a file', () => filesOf(worker)[0]?.endsWith(' (deleted)') ?? false)
  process.kill(worker, 'SIGKILL')
  await gone(worker)
  t.same(readdirSync(join(server.cwd, 'uploads')), [])
})

t.test('a disk that is full is answered with 503, and one line', async t => {
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  requireCommand(['unshare', ...asUser, '--mount', 'true'])
  const mount = 'mount -t tmpfs -o size=2m tmpfs uploads && exec "$@"'
  const full = /^the request body could not be stored in .*uploads \(tmpUploadDir\): ENOSPC: no space left on device/
  const server = await start(t, 'wsgi', {
    through: ['unshare', ...asUser, '--mount', 'sh', '-c', mount, 'sh'],
    expectErrors: [full],
  })
  const client = new Client(t, server.target)
  t.equal((await client.get('/', { method: 'POST', body: Buffer.alloc(8 * MB) })).status, 503)
  const body = randomBytes(1.5 * MB)
  t.match(JSON.parse((await client.get('/', { method: 'POST', body })).body), { digest: digestOf(body) })
  t.equal((await server.log(full)).level, 'error')
})

t.test('a directory for uploads in which there can be none is told at the start', async t => {
  const server = await start(t, 'wsgi', { args: ['--tmp-upload-dir', 'app.js'] })
  await t.resolves(server.log(/^tmpUploadDir: large request bodies cannot be stored in .*app\.js: ENOTDIR/))
  t.equal((await new Client(t, server.target).get('/', { method: 'POST', body: 'small' })).status, 200)
})

import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { fixture, python } from '../helpers/python.js'
import { connectRaw } from '../helpers/raw.js'
import { requireCommand } from '../helpers/require-command.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

const BODIES = fixture('bodies.py')
const MB = 1 << 20

function said(body: Buffer): string {
  return `${body.length} ${createHash('sha256').update(body).digest('hex')}`
}

t.test('request bodies', async t => {
  const server = await startServer(t, {
    cwd: prepared(t),
    args: ['--python', python, '--limit-request-body', '8mb', '--tmp-upload-dir', 'uploads'],
  })
  const client = new Client(t, server.target, { keepAlive: true })
  const notes = (): string => readFileSync(join(server.cwd, 'notes'), 'utf8')

  t.test('large ones, in a file that has no name', async t => {
    const body = randomBytes(8 * MB)
    for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
      const reply = client.get('/digest', { method: 'POST', body, headers })
      t.equal((await reply).body, said(body))
      t.same(readdirSync(join(server.cwd, 'uploads')), [])
    }
    t.equal((await client.get('/half', { method: 'POST', body })).body, String(4 * MB), 'not all of it is read')
    t.equal((await client.get('/ok', { method: 'POST', body })).status, 200, 'nothing of it is read')
  })

  t.test('too large ones', async t => {
    const body = Buffer.alloc(9 * MB)
    for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }, { Expect: '100-continue' }]) {
      const raw = await connectRaw(t, server.target)
      const fields = {
        Host: 'a',
        ...('Transfer-Encoding' in headers ? {} : { 'Content-Length': body.length }),
        ...headers,
      }
      raw.write(
        `POST /digest HTTP/1.1\r\n${Object.entries(fields)
          .map(pair => `${pair.join(': ')}\r\n`)
          .join('')}\r\n`,
      )
      if ('Transfer-Encoding' in headers) raw.write(`${body.length.toString(16)}\r\n`)
      if (!('Expect' in headers)) raw.write(body)
      await raw.until(/^HTTP\/1\.1 413 /)
    }
    t.equal((await client.get('/ok')).status, 200)
  })

  t.test('100-continue', async t => {
    const raw = await connectRaw(t, server.target)
    raw.write('POST /digest HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n')
    await raw.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
    raw.write('abc')
    await raw.until(new RegExp(`HTTP/1\\.1 200 OK.*${said(Buffer.from('abc'))}`, 's'))
  })

  t.test('a slow one holds no Python process', async t => {
    const raw = await connectRaw(t, server.target)
    raw.write('POST /digest HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (const part of ['3\r\nab', 'c\r\n', '0\r\n', '\r\n']) {
      t.equal((await client.get('/ok')).status, 200)
      raw.write(part)
    }
    await raw.until(new RegExp(said(Buffer.from('abc'))))
  })

  t.test('clients that leave at every byte', async t => {
    const head = 'POST /digest HTTP/1.1\r\nHost: a\r\n'
    const requests = [
      `${head}Content-Length: 12\r\n\r\nhello, world`,
      `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nX-T: 1\r\n\r\n`,
    ]
    for (const request of requests) {
      for (let size = 0; size <= request.length; size++) {
        const raw = await connectRaw(t, server.target)
        raw.write(request.slice(0, size))
        if (size % 2 === 0) raw.socket.end()
        else raw.socket.resetAndDestroy()
      }
    }
    t.equal((await client.get('/digest', { method: 'POST', body: 'abc' })).body, said(Buffer.from('abc')))
    t.equal(server.everyPython.length, 1)
  })

  t.test('a client that leaves a large body while Python has not read it', async t => {
    const raw = await connectRaw(t, server.target)
    raw.write(`POST /after HTTP/1.1\r\nHost: a\r\nContent-Length: ${MB}\r\n\r\n`)
    raw.write(Buffer.alloc(MB))
    await until('Python has begun', () => notes().includes('begun after'))
    raw.socket.resetAndDestroy()
    // The front has seen the end when it has answered a later connection.
    t.equal(await status(server.target, t), 400)
    writeFileSync(join(server.cwd, 'gate-after'), '')
    await until('the read fails', () => notes().includes('ClientGone: the client went away before it had its answer'))
    t.equal((await client.get('/ok')).status, 200)
  })

  t.test('clients that leave while queued', async t => {
    const held = client.get('/gate?queue')
    await until('Python is busy', () => notes().includes('begun gate-queue'))
    const queued = await Promise.all(Array.from({ length: 50 }, () => connectRaw(t, server.target)))
    for (const [i, raw] of queued.entries()) raw.write(`GET /noted?${i} HTTP/1.1\r\nHost: a\r\n\r\n`)
    t.equal(await status(server.target, t), 400)
    for (const [i, raw] of queued.entries()) if (i % 2 === 0) raw.socket.resetAndDestroy()
    t.equal(await status(server.target, t), 400)
    writeFileSync(join(server.cwd, 'gate-queue'), '')
    t.equal((await held).body, 'through')
    for (const [i, raw] of queued.entries()) if (i % 2 === 1) await raw.until(/ran$/)
    t.notMatch(notes(), /^ran \d*[02468]$/m, 'those that have left were not begun')
  })
})

function prepared(t: Parameters<typeof testdir>[0]): string {
  const cwd = testdir(t, { 'app.py': BODIES, notes: '' })
  mkdirSync(join(cwd, 'uploads'))
  return cwd
}

/** Of a request that the front itself refuses: it has then seen what came before. */
async function status(target: Parameters<typeof connectRaw>[1], t: Parameters<typeof connectRaw>[0]): Promise<number> {
  const raw = await connectRaw(t, target)
  raw.write('no request\r\n\r\n')
  return Number(/^HTTP\/1\.1 (\d+)/.exec(await raw.all())?.[1])
}

t.test('more bodies at once than memory has room for', async t => {
  const server = await startServer(t, {
    cwd: prepared(t),
    args: ['--python', python, '--tmp-upload-dir', 'uploads'],
  })
  const body = randomBytes(MB)
  const clients = await Promise.all(Array.from({ length: 90 }, () => connectRaw(t, server.target)))
  for (const raw of clients) {
    raw.write(`POST /digest HTTP/1.1\r\nHost: a\r\nContent-Length: ${MB}\r\n\r\n`)
    raw.write(body.subarray(0, -1))
  }
  const fds = `/proc/${server.worker()}/fd`
  const files = (): number => readdirSync(fds).filter(fd => linkOf(join(fds, fd)).includes('/uploads/unicorn-')).length
  await until('some are in files', () => files() >= 20)
  for (const raw of clients) raw.write(body.subarray(-1))
  for (const raw of clients) await raw.until(new RegExp(said(body)))
  await until('the files are gone', () => files() === 0)
})

/** What a descriptor stands for; nothing if it is closed by now. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

t.test('a disk that is full', async t => {
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  requireCommand(['unshare', ...asUser, '--mount', 'true'])
  const mount = 'mount -t tmpfs -o size=2m tmpfs uploads && exec "$@"'
  const server = await startServer(t, {
    cwd: prepared(t),
    through: ['unshare', ...asUser, '--mount', 'sh', '-c', mount, 'sh'],
    args: ['--python', python, '--tmp-upload-dir', 'uploads'],
    expectErrors: [
      /^the request body could not be stored in .*uploads \(tmpUploadDir\): ENOSPC: no space left on device/,
    ],
  })
  const client = new Client(t, server.target)
  t.equal((await client.get('/digest', { method: 'POST', body: Buffer.alloc(8 * MB) })).status, 503)
  t.match(await server.log(/^the request body could not be stored/), { method: 'POST', path: '/digest' })
  const body = randomBytes(1.5 * MB)
  t.equal((await client.get('/digest', { method: 'POST', body })).body, said(body), 'nothing of the other one is left')
})

t.test('a directory for uploads in which there can be none', async t => {
  const server = spawnServer(t, {
    cwd: prepared(t),
    args: ['--python', python, '--tmp-upload-dir', 'app.py'],
    expectErrors: [
      /^Worker failed to boot: tmpUploadDir: large request bodies cannot be stored in .*\/app\.py: ENOTDIR/,
      messages.gaveUp,
      messages.exited,
    ],
  })
  t.not((await server.ended()).code, 0)
})

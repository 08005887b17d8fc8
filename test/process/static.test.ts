import { readdirSync, readFileSync, readlinkSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { connectRaw } from '../helpers/raw.js'
import { until } from '../helpers/until.js'
import { ask, CSS, field, get, LARGE, PAGE, serveSite, statusOf } from './static-site.js'

for (const [face, ...args] of [
  ['wsgi'],
  ['wsgi', '--http-engine', 'node'],
  ['wsgi', '--worker-class', 'sync'],
  ['fetch'],
  ['node'],
] as const) {
  t.test([face, ...args].join(' '), async t => {
    const server = await serveSite(t, face, ...args)
    const fetched = (request: string): ReturnType<typeof ask> => ask(t, server, request)

    const plain = await fetched(get('/static/a.css'))
    t.equal(statusOf(plain.head), 200)
    t.equal(plain.body, CSS)
    t.equal(field(plain.head, 'content-type'), 'text/css; charset=utf-8')
    t.equal(field(plain.head, 'content-length'), String(CSS.length))
    t.equal(field(plain.head, 'cache-control'), 'no-cache')
    t.equal(field(plain.head, 'accept-ranges'), 'bytes')
    t.equal(field(plain.head, 'vary'), 'Accept-Encoding')
    t.equal(field(plain.head, 'content-encoding'), undefined)
    t.match(field(plain.head, 'last-modified'), / GMT$/)
    const etag = field(plain.head, 'etag') ?? ''
    t.match(etag, /^"[\w-]+"$/)

    const head = await fetched(get('/static/a.css').replace('GET', 'HEAD'))
    t.equal(field(head.head, 'content-length'), String(CSS.length))
    t.equal(head.body, '')

    const encoded = await fetched(get('/static/a.css', 'Accept-Encoding: gzip, br'))
    t.equal(field(encoded.head, 'content-encoding'), 'br')
    t.equal(encoded.body, brotliCompressSync(CSS).toString('latin1'))
    t.not(field(encoded.head, 'etag'), etag)

    const known = await fetched(get('/static/a.css', `If-None-Match: ${etag}`))
    t.equal(statusOf(known.head), 304)
    t.equal(known.body, '')
    t.equal(field(known.head, 'etag'), etag)
    t.equal(field(known.head, 'vary'), 'Accept-Encoding')
    t.equal(field(known.head, 'content-length'), undefined)
    t.equal(statusOf((await fetched(get('/static/a.css', 'If-Match: "other"'))).head), 412)

    const part = await fetched(get('/static/a.css', 'Range: bytes=5-9', `If-Range: ${etag}`))
    t.equal(statusOf(part.head), 206)
    t.equal(part.body, CSS.slice(5, 10))
    t.equal(field(part.head, 'content-range'), `bytes 5-9/${CSS.length}`)
    t.equal(statusOf((await fetched(get('/static/a.css', 'Range: bytes=5-9', 'If-Range: "other"'))).head), 200)
    const beyond = await fetched(get('/static/a.css', 'Range: bytes=10000-'))
    t.equal(statusOf(beyond.head), 416)
    t.equal(field(beyond.head, 'content-range'), `bytes */${CSS.length}`)

    const parts = await fetched(get('/static/a.css', 'Range: bytes=0-3,-2'))
    t.equal(statusOf(parts.head), 206)
    const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(field(parts.head, 'content-type') ?? '')?.[1]
    const described = (range: string, bytes: string): string =>
      `\r\n--${boundary}\r\nContent-Type: text/css; charset=utf-8\r\nContent-Range: bytes ${range}/${CSS.length}\r\n\r\n${bytes}`
    t.equal(
      parts.body,
      `${described('0-3', 'body')}${described('838-839', CSS.slice(-2))}\r\n--${boundary}--\r\n`.replace(
        '838-839',
        `${CSS.length - 2}-${CSS.length - 1}`,
      ),
    )
    t.equal(field(parts.head, 'content-length'), String(parts.body.length))

    const large = await fetched(get('/static/large.bin'))
    t.ok(large.body === LARGE.toString('latin1'), 'a large file, whole')
    const middle = await fetched(get('/static/large.bin', 'Range: bytes=1000000-2000000'))
    t.ok(middle.body === LARGE.toString('latin1', 1_000_000, 2_000_001), 'and a part of it')

    const hashed = 'public, max-age=31536000, immutable'
    t.equal(field((await fetched(get('/static/main.55e7cbb9ba48.js'))).head, 'cache-control'), hashed)
    t.equal(field((await fetched(get('/static/none.txt'))).head, 'content-length'), '0')
    t.equal((await fetched(get('/static/sp%20ace+%C3%A9.txt?v=1'))).body, 'space')
    t.equal((await fetched(get('/static/link.css'))).body, CSS)
    t.equal((await fetched(get('/static/only.txt'))).body, 'more', 'the second directory for the same URL')
    t.equal((await fetched(get('/favicon.ico'))).body, 'icon')
    t.equal((await fetched(get('/static/docs/'))).body, Buffer.from(PAGE).toString('latin1'))
    const redirect = await fetched(get('/static/docs?a=b'))
    t.equal(statusOf(redirect.head), 302)
    t.equal(field(redirect.head, 'location'), './docs/?a=b')

    const applications = [
      get('/'),
      get('/static'),
      get('/static/'),
      get('/static/missing.css'),
      get('/staticky/a.css'),
      get('/static/empty'),
      get('/static/empty/'),
      get('/static/pipe'),
      get('/static/leaving'),
      get('/static/up/secret'),
      get('/static/.git/config'),
      get('/static/%2egit/config'),
      get('/static/../secret'),
      get('/static/%2e%2e/secret'),
      get('/static/..%2fsecret'),
      get('/static/a.css%00'),
      get('/static//a.css'),
      get('/static/a.css/'),
      get('/static/a.css/b'),
      get('/favicon.ico/'),
      get(`/static/${'a'.repeat(300)}`),
      get(`/static/${'a/'.repeat(2500)}`),
      get('/static/a.css').replace('GET', 'DELETE'),
      get('/static/a.css').replace('GET', 'OPTIONS'),
    ]
    const unlike: string[] = []
    for (const request of applications) {
      const { head } = await fetched(request)
      if (field(head, 'x-from') !== 'application') unlike.push(`${request}${head}`)
    }
    t.same(unlike, [], 'what is no file is the application’s')

    const raw = await connectRaw(t, server.target)
    raw.write(get('/static/a.css', 'Host: a') + get('/after', 'Host: a', 'Connection: close'))
    const pipelined = await raw.all()
    t.match(pipelined, face === 'wsgi' && args[1] === 'sync' ? CSS : /color: green[\s\S]*X-From: application/i)

    await until('the access log has it', () =>
      /^GET \/after|large/m.test(readFileSync(join(server.cwd, 'access.log'), 'utf8')),
    )
    const lines = readFileSync(join(server.cwd, 'access.log'), 'utf8')
    t.match(lines, `GET /static/a.css 200 ${CSS.length}\n`)
    t.match(lines, 'GET /static/a.css 206 5\n')
    t.match(lines, 'GET /static/a.css 304 0\n')
    await t.resolves(server.log(/leaving is not served: it is a link to .*secret, outside of .*public; say --static/))
  })
}

const HUGE = 2 ** 26

t.test('slow readers hold nothing, not even a sync worker', async t => {
  const server = await serveSite(t, 'wsgi', '--worker-class', 'sync', '--write-timeout', '1s')
  // More than the kernel holds of a connection.
  truncateSync(join(server.cwd, 'more/only.txt'), HUGE)
  const slow = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const raw = await connectRaw(t, server.target)
      raw.socket.pause()
      raw.write(get('/static/only.txt', 'Host: a'))
      return raw
    }),
  )
  const client = new Client(t, server.target)
  t.equal((await client.get('/page')).body, 'GET /page')
  t.equal((await client.get('/static/a.css')).body, CSS)
  const log = (): string => readFileSync(join(server.cwd, 'access.log'), 'utf8')
  await until('--write-timeout has cut all of them', () => log().split('only.txt 200').length > slow.length)
  for (const raw of slow) raw.socket.resume()
  await Promise.all(slow.map(raw => raw.ending))
  t.ok(
    slow.every(raw => raw.text.length < HUGE),
    'none has all of it',
  )
  const files = readdirSync(`/proc/${server.worker()}/fd`).map(fd => linkOf(`/proc/${server.worker()}/fd/${fd}`))
  t.notOk(
    files.some(file => file.endsWith('only.txt')),
    'their files are closed',
  )
})

t.test('a file that changes is served anew, after HUP at once', async t => {
  const server = await serveSite(t, 'wsgi', '--static-immutable', '/static/app-*')
  const client = new Client(t, server.target)
  const path = join(server.cwd, 'public/a.css')
  t.equal((await client.get('/static/a.css')).body, CSS)
  t.equal((await client.get('/static/app-DiwrgTda.js')).headers['cache-control'], 'public, max-age=31536000, immutable')
  const replace = (content: string | Buffer, file = path): void => {
    writeFileSync(`${file}.new`, content)
    renameSync(`${file}.new`, file)
  }
  replace('new')
  await until('it is served, without a reload', async () => (await client.get('/static/a.css')).body === 'new')
  t.equal((await client.get('/static/large.bin', { method: 'HEAD' })).headers['content-length'], String(LARGE.length))
  replace(LARGE.subarray(0, 100_000), join(server.cwd, 'public/large.bin'))
  t.equal((await client.get('/static/large.bin')).body.length, 100_000, 'a large one is never served by halves')
  const before = server.worker()
  replace('newer')
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  // Until it drains, it may still take a connection.
  await gone(before)
  t.equal((await client.get('/static/a.css')).body, 'newer')
})

/** The target of a link, or nothing if it is gone by now. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadApp } from '../../lib/application/load-module.js'
import type { Application } from '../../lib/gateway/wsgi/types.js'
import { validator } from '../../lib/gateway/wsgi/validator.js'
import { root } from '../helpers/root.js'
import { request, type Served, serve } from './serve.js'

const examples = join(root, 'docs/examples/wsgi')

/** Serves the application of an example, watched: what the docs show keeps the contract. */
async function serving(t: Test, spec: string, talk: (server: Served) => Promise<void>): Promise<void> {
  const { value } = await loadApp(spec, { directory: examples })
  if (typeof value !== 'function') throw new Error(`${spec} is no function`)
  const application: Application = (environ, startResponse) => value(environ, startResponse)
  const server = await serve(t, validator(application))
  await talk(server)
  t.same(
    server.log.errors.filter(line => !line.startsWith('the stream of')),
    [],
    'no breach',
  )
}

function get(path: string, fields: readonly string[] = []): string {
  return request('GET', fields).replace('/', path)
}

t.test('hello', async t => {
  await serving(t, 'hello', async server => {
    t.match(
      await server.exchange(get('/')),
      /^HTTP\/1.1 200 OK\r\n[\s\S]*Content-Length: 14\r\n[\s\S]*Hello, world!\n$/,
    )
    t.match(await server.exchange(get('/J%C3%B6rg')), /Hello, J\xc3\xb6rg!\n$/)
  })
})

t.test('middleware', async t => {
  await serving(t, 'middleware', async server => {
    t.match(await server.exchange(get('/hello/you')), /Server-Timing: app;dur=[\d.]+\r\n[\s\S]*HELLO, YOU!\n/)
    t.match(await server.exchange(get('/elsewhere')), /^HTTP\/1.1 404 /)
  })
})

t.test('handler', async t => {
  await serving(t, 'handler', async server => {
    t.match(await server.exchange(request('POST', ['Content-Length: 4'], 'Ada\n')), /^HTTP\/1.1 201 Created\r\n/)
    t.match(await server.exchange(get('/')), /\r\n\r\nAda\n$/)
    t.match(await server.exchange(request('HEAD')), /^HTTP\/1.1 200 OK\r\n[\s\S]*Content-Length: 4\r\n[\s\S]*\r\n\r\n$/)
    t.match(await server.exchange(request('DELETE')), /^HTTP\/1.1 405 /)
    t.match(await server.exchange(request('CONSTRUCTOR')), /^HTTP\/1.1 (405|400) /)
  })
})

t.test('static files', async t => {
  const content = 'x'.repeat(200_000)
  const directory = t.testdir({ public: { 'index.html': '<p>', 'a b.txt': content, sub: {} }, secret: 'no' })
  execFileSync('mkfifo', [join(directory, 'public', 'fifo')])
  symlinkSync('loop', join(directory, 'public', 'loop'))
  await serving(t, `static-files:serve(${JSON.stringify(join(directory, 'public'))})`, async server => {
    const got = await server.exchange(get('/a%20b.txt'))
    t.match(got, /^HTTP\/1.1 200 OK\r\nContent-Type: text\/plain; charset=utf-8\r\nContent-Length: 200000\r\n/)
    t.ok(got.endsWith(content))
    t.match(await server.exchange(get('/')), /text\/html[\s\S]*<p>$/)
    const modified = /^Last-Modified: (.*)\r$/m.exec(got)?.[1] ?? ''
    t.match(await server.exchange(get('/a%20b.txt', [`If-Modified-Since: ${modified}`])), /^HTTP\/1.1 304 /)
    const elsewhere = ['/../secret', '/%2e%2e/secret', '/..%2fsecret']
    for (const path of [...elsewhere, '/nothing', '/sub', '/fifo', '/loop', '/index.html/x', '/%00']) {
      t.match(await server.exchange(get(path)), /^HTTP\/1.1 404 /, path)
    }
  })
})

t.test('streaming', async t => {
  await serving(t, 'streaming', async server => {
    const events = await server.connect()
    events.write(get('/events?count=1000000'))
    await events.until(/data: 2\n\n/)
    events.socket.destroy()
    await server.logged(/the stream of 127.0.0.1 has ended/)
    t.match(await server.exchange(get('/lines?count=3')), /line 1\n[\s\S]*line 3\n/)
    const echo = await server.connect()
    echo.write(request('POST', ['Transfer-Encoding: chunked']).replace('/', '/echo'))
    echo.write('5\r\nhello\r\n')
    await echo.until(/hello/)
    echo.write('5\r\nworld\r\n0\r\n\r\n')
    t.match(await echo.all(), /world/)
  })
})

t.test('upload', async t => {
  await serving(t, 'upload', async server => {
    const body = 'upload'.repeat(20_000)
    const sum = createHash('sha256').update(body).digest('hex')
    t.match(await server.exchange(request('POST', [`Content-Length: ${body.length}`], body)), sum)
    const video = await server.exchange(
      request('POST', ['Content-Type: video/mp4', 'Expect: 100-continue', 'Content-Length: 5']),
    )
    t.match(video, /^HTTP\/1.1 415 /)
  })
})

t.test('validated', async t => {
  await serving(t, 'validated', async server => {
    t.match(await server.exchange(get('/hello')), /HELLO, WORLD!/)
  })
})

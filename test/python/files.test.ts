import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { fixture, startPython } from '../helpers/python.js'
import { connectRaw, head } from '../helpers/raw.js'
import { until } from '../helpers/until.js'

const BIG = 'The quick brown fox. '.repeat(60_000)

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

t.test('wsgi.file_wrapper', async t => {
  const server = await startPython(t, fixture('files.py'), {
    files: { 'big.bin': BIG, text: 'Text', empty: '', notes: '' },
    expectErrors: [messages.pythonExited, /^the application failed/, /^the body is shorter/],
  })
  const client = new Client(t, server.target, { keepAlive: true })
  const noted = (note: string): Promise<void> =>
    until(`the application notes "${note}"`, () =>
      readFileSync(join(server.cwd, 'notes'), 'utf8').includes(`${note}\n`),
    )

  t.test('files that the front sends, and those that Python reads', async t => {
    for (const kind of ['plain', 'raw', 'unlinked', 'django', 'memory', 'spooled']) {
      const { body, headers } = await client.get(`/${kind}`)
      t.equal(digest(body), digest(BIG), kind)
      const isSent = kind !== 'memory' && kind !== 'spooled'
      t.equal(headers['content-length'], isSent ? String(BIG.length) : undefined, 'the length of a file is known')
      t.equal((await client.get(`/${kind}?100,50`)).body, BIG.slice(100, 150), 'from its offset, to its length')
      t.equal((await client.get(`/${kind}?${BIG.length - 5}`)).body, BIG.slice(-5), 'to its end')
      t.equal((await client.get(`/${kind}?${BIG.length + 5}`)).body, '', 'behind its end')
      const nothing = await client.get(`/${kind}`, { method: 'HEAD' })
      t.match(nothing, { status: 200, body: '' })
    }
    t.equal((await client.get('/plain?10', { method: 'HEAD' })).headers['content-length'], String(BIG.length - 10))
    await noted('closed django')
  })

  t.test('what its reader makes of a file is what is sent', async t => {
    t.equal((await client.get('/zipped')).body, 'unzipped')
    t.equal((await client.get('/noting')).body, 'tEXT')
    await noted('closed noting')
    t.equal((await client.get('/unflushed?0')).body, '0123456789')
    t.equal((await client.get('/named')).body, 'named')
    t.equal((await client.get('/pipe')).body, 'from a pipe')
    t.equal((await client.get('/device')).body, '')
    t.equal((await client.get('/empty')).body, '')
    t.equal((await client.get('/named', { headers: { 'X-Subclass': '1' } })).body, 'NAMED', 'a class of its own')
    t.equal((await client.get('/named', { headers: { 'X-Wrapped': '1' } })).body, 'named', 'wrapped by a middleware')
  })

  t.test('what is no file', async t => {
    for (const kind of ['closed', 'text_mode']) {
      t.equal((await client.get(`/${kind}`)).status, 500, kind)
      t.match(await client.get('/empty'), { status: 200 })
    }
    const stacks = server.logged(/^the application failed/).map(({ err }) => String(Object(err).message))
    t.match(stacks, [/closed file/, /^the body of a response must be bytes, found str/])
  })

  t.test('a file that is shorter than was announced', async t => {
    const raw = await connectRaw(t, server.target)
    raw.write(head('/plain?10,9999999'))
    t.equal((await raw.all()).length > BIG.length - 10, true, 'all of it, and then the connection closes')
    t.match(raw.text, /Content-Length: 9999999/)
  })

  t.test('a client that leaves in a file', async t => {
    for (let i = 0; i < 3; i++) {
      const raw = await connectRaw(t, server.target)
      raw.write(head('/plain'))
      await raw.until(/quick/)
      raw.socket.destroy()
      t.match(await client.get('/empty'), { status: 200 })
    }
  })

  t.test('an exception of its close() leaves a file alone', async t => {
    t.equal(digest((await client.get('/sour')).body), digest(BIG))
    await server.log(({ err }) => Object(err).message === 'sour')
  })

  t.test('a process that ends in its close() leaves the file to the front', async t => {
    t.equal(digest((await client.get('/fatal')).body), digest(BIG))
    await server.log(messages.pythonExited)
    t.match(await client.get('/empty'), { status: 200 })
  })

  t.test('a client that is slow holds no Python process', async t => {
    const raw = await connectRaw(t, server.target)
    raw.socket.pause()
    raw.write(head('/plain'))
    for (let i = 0; i < 3; i++) t.match(await client.get('/empty'), { status: 200 })
    raw.socket.resume()
    await raw.until(new RegExp(`${BIG.slice(-50)}$`))
  })
})

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { fixture, requireModules, startPython } from '../helpers/python.js'
import { connectRaw, head } from '../helpers/raw.js'
import { until } from '../helpers/until.js'

requireModules('django')

const BIG = 'The quick brown fox. '.repeat(20_000)

t.test("Django's responses and uploads", async t => {
  const server = await startPython(t, fixture('django_app.py'), { files: { big: BIG, notes: '' } })
  const client = new Client(t, server.target, { keepAlive: true })
  const notes = (): string[] => readFileSync(join(server.cwd, 'notes'), 'utf8').trimEnd().split('\n')
  const finished = (): number => notes().filter(note => note === 'finished').length

  t.test('request_finished is sent once for each', async t => {
    const before = finished()
    const reply = await client.get('/hello')
    t.match(reply, { status: 200, body: 'hello', headers: { 'set-cookie': ['a=b; Path=/'], 'content-length': '5' } })
    t.match(await client.get('/hello', { method: 'HEAD' }), { body: '', headers: { 'content-length': '5' } })
    t.equal((await client.get('/missing')).status, 404)
    await until('it was sent three times', () => finished() === before + 3)
  })

  t.test('FileResponse', async t => {
    for (const kind of ['file', 'memory', 'noting']) {
      const before = finished()
      const reply = await client.get(`/download/${kind}`)
      t.equal(reply.body, BIG)
      t.equal(reply.headers['content-length'], kind === 'noting' ? reply.headers['content-length'] : String(BIG.length))
      t.match(await client.get(`/download/${kind}`, { method: 'HEAD' }), { status: 200, body: '' })
      await until('both are closed', () => finished() === before + 2)
    }
    t.equal(notes().filter(note => note === 'file closed').length, 2)
  })

  t.test('uploads, with a length and in chunks', async t => {
    const part = (name: string, more: string, content: string): string =>
      `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${content}\r\n`
    const file = part('f', '; filename="f.txt"', 'abcde'.repeat(50_000))
    const body = `${part('field', '', 'value')}${file}--b--\r\n`
    const before = finished()
    for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
      const reply = await client.get('/upload', {
        method: 'POST',
        body,
        headers: { ...headers, 'Content-Type': 'multipart/form-data; boundary=b' },
      })
      t.same(JSON.parse(reply.body), { files: [['f.txt', 250_000, 'abcde']], fields: { field: ['value'] } })
    }
    await until('both are finished', () => finished() === before + 2)
  })

  t.test('clients that leave', async t => {
    const before = finished()
    const raw = await connectRaw(t, server.target)
    raw.write(head('/stream'))
    await raw.until(/xxx/)
    raw.socket.resetAndDestroy()
    await until('the stream ends', () => notes().includes('stream ended') && finished() === before + 1)

    const other = await connectRaw(t, server.target)
    other.write('POST /unreadable HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
    other.write('x'.repeat(100_000))
    await until('Django has begun', () => notes().includes('begun'))
    other.socket.resetAndDestroy()
    // Refused by the front, which has seen the end of the other connection then.
    const probe = await connectRaw(t, server.target)
    probe.write('no request\r\n\r\n')
    await probe.all()
    writeFileSync(join(server.cwd, 'gate'), '')
    await until('the read fails', () => notes().includes('unreadable'))
    t.equal((await client.get('/hello')).status, 200)
  })
})

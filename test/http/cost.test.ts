import t from 'tap'
import { ChunkedReader } from '../../lib/http/native/parser/chunked.js'
import { HeadReader } from '../../lib/http/native/parser/head.js'
import { NameTable, USUAL } from '../../lib/http/native/parser/names.js'
import { bytesOf } from './fuzz/outcome.js'
import { LIMITS } from './native/limits.js'

// What a client can make the parser do: work in proportion to what it sends, and memory within the limits.

/** Counts how often each byte is looked at. */
class Looked {
  times = 0
  readonly bytes: Buffer

  constructor(text: string) {
    const target = bytesOf(text)
    this.bytes = new Proxy(target, {
      get: (_, key) => {
        if (typeof key === 'string' && /^\d+$/.test(key)) {
          this.times++
          return target[Number(key)]
        }
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
}

const LINES = Array.from({ length: 90 }, (_, i) => `X-${i}: ${'a'.repeat(700)}\r\n`).join('')
const HEAD = `GET / HTTP/1.1\r\nHost: a\r\n${LINES}\r\n`

t.test('a head of 64 KB that comes byte by byte is looked at a few times', async t => {
  const { length } = HEAD
  t.ok(length > 60_000)
  const whole = new Looked(HEAD)
  t.ok(new HeadReader(LIMITS).read(whole.bytes, 0, length))
  const torn = new Looked(HEAD)
  const reader = new HeadReader(LIMITS)
  for (let end = 1; end < length; end++) reader.read(torn.bytes, 0, end)
  t.ok(reader.read(torn.bytes, 0, length))
  t.ok(whole.times < 2 * length, `whole: ${whole.times} looks at ${length} bytes`)
  t.ok(torn.times < 5 * length, `byte by byte: ${torn.times}`)
})

t.test('so is the line of a chunk', async t => {
  const line = `5;a="${'b'.repeat(4000)}"\r\n`
  const torn = new Looked(line)
  const reader = new ChunkedReader(LIMITS)
  const sink = { data: (): void => {} }
  for (let end = 1; end <= line.length; end++) reader.read(torn.bytes, 0, end, sink)
  t.equal(reader.refusal, undefined)
  t.ok(torn.times < 5 * line.length, `${torn.times} looks at ${line.length} bytes`)
})

t.test('names: the usual ones have their slots, whatever clients send', async t => {
  const table = new NameTable()
  const find = (name: string) => table.find(bytesOf(name), 0, name.length)
  for (let i = 0; i < 10_000; i++) table.add(`X-${i.toString(36)}-${'y'.repeat(i % 40)}`)
  const usual = USUAL.flatMap(name => [name, name.toLowerCase()])
  t.same(
    usual.filter(name => find(name)?.text !== name),
    [],
  )
  t.match(find('content-length'), { key: 'CONTENT_LENGTH', field: 'content-length' })
  t.match(find('X-Real-IP'), { key: 'HTTP_X_REAL_IP', field: undefined })
  t.equal(find('Hosu'), undefined)
  t.equal(table.add('HOST').field, 'host')
  t.equal(table.add('X_Real_IP').key, '')
})

t.test('a reader knows whether a request has begun', async t => {
  const pieces: Record<string, boolean> = {
    '': false,
    '\r\n': false,
    G: true,
    '\r\nG': true,
    'GET / HTTP/1.1\r\n': true,
  }
  for (const [text, begun] of Object.entries(pieces)) {
    const reader = new HeadReader(LIMITS)
    t.equal(reader.read(bytesOf(text), 0, text.length), undefined)
    t.equal(reader.begun, begun, JSON.stringify(text))
  }
  const reader = new HeadReader(LIMITS)
  reader.read(bytesOf(HEAD), 0, HEAD.length)
  t.equal(reader.begun, false, 'as new behind a head')
})

import { text } from 'node:stream/consumers'
import t from 'tap'
import type { InputStream } from '../../lib/gateway/wsgi/types.js'
import { until } from '../helpers/until.js'
import { bodyOf, post, reading } from './input-scene.js'
import { request, serve } from './serve.js'

const lines = 'first\nsecond\n\nlast'
const strings = (parts: readonly Buffer[]): string[] => parts.map(String)

const reads: Record<string, { work: (input: InputStream) => Promise<unknown>; result: unknown }> = {
  'read()': { work: async input => [String(await input.read()), String(await input.read())], result: [lines, ''] },
  'read(n)': {
    work: async input => [String(await input.read(3)), String(await input.read(0)), String(await input.read(100))],
    result: ['fir', '', lines.slice(3)],
  },
  'read(-1)': { work: async input => String(await input.read(-1)), result: lines },
  'read(part of a byte)': {
    work: async input => {
      const faults: unknown[] = []
      for (const read of [input.read(2.5), input.readline(0.5), input.readlines(1.5), input.read(Number.NaN)]) {
        await read.catch((error: unknown) => faults.push(error))
      }
      return [faults.map(String), String(await input.read(Number.POSITIVE_INFINITY))]
    },
    result: [
      ['2.5', '0.5', '1.5', 'NaN'].map(
        size => `RangeError: wsgi.input: ${size} bytes were asked for, wanted a whole number`,
      ),
      lines,
    ],
  },
  'readline()': {
    work: async input => {
      const all: string[] = []
      for (let i = 0; i < 6; i++) all.push(String(await input.readline()))
      return all
    },
    result: ['first\n', 'second\n', '\n', 'last', '', ''],
  },
  'readline(limit)': {
    work: async input => [
      String(await input.readline(3)),
      String(await input.readline(3)),
      String(await input.readline(0)),
    ],
    result: ['fir', 'st\n', ''],
  },
  'readlines()': {
    work: async input => strings(await input.readlines()),
    result: ['first\n', 'second\n', '\n', 'last'],
  },
  'readlines(hint)': {
    work: async input => [strings(await input.readlines(7)), String(await input.read())],
    result: [['first\n', 'second\n'], '\nlast'],
  },
  'reads at once are answered in order': {
    work: async input => strings(await Promise.all([input.read(2), input.readline(), input.read(3), input.read()])),
    result: ['fi', 'rst\n', 'sec', 'ond\n\nlast'],
  },
  'reading by iteration': {
    work: async input => {
      const parts: Buffer[] = []
      for await (const chunk of input) parts.push(chunk)
      return String(Buffer.concat(parts))
    },
    result: lines,
  },
  'iteration that stops, and a read': {
    work: async input => {
      const head = String(await input.read(2))
      for await (const chunk of input) return [head, head.length + chunk.length + (await input.read()).length]
      return 'no chunk'
    },
    result: ['fi', lines.length],
  },
  'the stream': { work: async input => text(input.stream), result: lines },
  'the stream, after a read': {
    work: async input => [String(await input.read(6)), await text(input.stream)],
    result: ['first\n', lines.slice(6)],
  },
}

for (const [what, { work, result }] of Object.entries(reads)) {
  t.test(what, async t => {
    const server = await serve(t, reading(work))
    t.same(bodyOf(await server.exchange(post(lines))), result)
    const client = await server.connect()
    client.write(request('POST', ['Transfer-Encoding: chunked']))
    for (const char of lines) client.write(`1\r\n${char}\r\n`)
    client.write('0\r\n\r\n')
    t.same(bodyOf(await client.all()), result, 'in chunks of one byte')
    t.same(server.log.entries, [])
  })
}

t.test('no body is an empty input', async t => {
  const server = await serve(
    t,
    reading(async input => [String(await input.read()), await text(input.stream)]),
  )
  t.same(bodyOf(await server.exchange(request())), ['', ''])
})

t.test('a read waits for what has not come yet', async t => {
  const seen: string[] = []
  const server = await serve(
    t,
    reading(async input => {
      for await (const chunk of input) seen.push(String(chunk))
      return seen
    }),
  )
  const client = await server.connect()
  client.write(request('POST', ['Content-Length: 10'], 'hello'))
  await until('the first half was read', () => seen.join('') === 'hello')
  client.write('world')
  t.same(bodyOf(await client.all()), ['hello', 'world'])
})

t.test('a client that leaves in the middle of the body makes the pending read reject', async t => {
  const failures: unknown[] = []
  const works: ((input: InputStream) => Promise<unknown>)[] = [
    input => input.read(),
    input => input.readline(),
    async input => {
      for await (const _ of input);
    },
    input => text(input.stream),
  ]
  for (const work of works) {
    const server = await serve(
      t,
      reading(input =>
        work(input).catch((error: unknown) => {
          failures.push(error)
          throw error
        }),
      ),
    )
    const client = await server.connect()
    client.write(request('POST', ['Content-Length: 10'], 'hello'))
    await until('the request is there', () => server.exchanges.length === 1)
    client.socket.destroy()
    await until('the read rejected', () => failures.length === 1)
    t.match(String(failures.pop()), /client went away after 5 bytes|aborted/)
    t.same(
      server.log.errors.filter(message => !/aborted/.test(message)),
      [],
      'no error of the application',
    )
  }
})

t.test('a body that came whole and was not read is lost with the client, not cut short', async t => {
  let go: () => void = () => {}
  const signal = new Promise<void>(resolve => {
    go = resolve
  })
  let outcome = ''
  const server = await serve(
    t,
    reading(async input => {
      await signal
      outcome = await input.read().then(String, (error: Error) => error.message)
    }),
  )
  const client = await server.connect()
  client.write(request('POST', ['Content-Length: 5'], 'hello'))
  await until('the request is there', () => server.exchanges[0]?.body.complete === true)
  client.socket.destroy()
  await until('the server knows', () => server.exchanges[0]?.answer.gone === true)
  go()
  await until('the read ended', () => outcome !== '')
  t.match(outcome, /went away|hello/)
})

import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Application, Environ, InputStream, StartResponse } from '../../lib/gateway/wsgi/types.js'
import { until } from '../helpers/until.js'
import { request, serve } from './serve.js'

/** An application that answers with what `work` makes of the input, as JSON. */
function reading(work: (input: InputStream, environ: Environ) => Promise<unknown>): Application {
  return async (environ, startResponse) => {
    const result = await work(environ['wsgi.input'], environ)
    startResponse('200 OK', [])
    return JSON.stringify(result)
  }
}

function post(body: string, fields: readonly string[] = []): string {
  return request('POST', [`Content-Length: ${body.length}`, ...fields], body)
}

function bodyOf(response: string): unknown {
  const body = response.slice(response.lastIndexOf('\r\n\r\n') + 4)
  return JSON.parse(body)
}

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

t.test('100 Continue goes out at the first read only', async t => {
  let read: () => void = () => {}
  const wanted = new Promise<void>(resolve => {
    read = resolve
  })
  const server = await serve(
    t,
    reading(async input => {
      await wanted
      return String(await input.read())
    }),
  )
  const client = await server.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
  await until('the request is there', () => server.exchanges.length === 1)
  t.equal(client.text, '')
  read()
  await client.until(/^HTTP\/1.1 100 Continue\r\n\r\n$/)
  client.write('hello')
  await client.until(/"hello"$/)
  t.match(client.text, 'Connection: keep-alive')
  t.equal(client.text.match(/100 Continue/g)?.length, 1)
})

t.test('the stream sends 100 Continue too', async t => {
  const server = await serve(
    t,
    reading(async input => text(input.stream)),
  )
  const client = await server.connect()
  client.write(request('POST', ['Expect: 100-continue', 'Content-Length: 5']))
  await client.until(/100 Continue\r\n\r\n/)
  client.write('hello')
  t.same(bodyOf(await client.all()), 'hello')
})

t.test('an answer without a read closes the connection of a client that waits to send', async t => {
  const server = await serve(t, (_: unknown, start: (...args: unknown[]) => unknown) => {
    start('403 Forbidden', [])
    return ['no']
  })
  const client = await server.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
  const got = await client.all()
  t.notMatch(got, /100 Continue/)
  t.match(got, /Connection: close/)
})

t.test('an answer without a read', async t => {
  const paths: string[] = []
  const server = await serve(t, ({ PATH_INFO }: Environ, start: (...args: unknown[]) => unknown) => {
    paths.push(PATH_INFO)
    start('200 OK', [])
    return ['ok']
  })
  await t.test('keeps the connection where the body is small', async t => {
    const client = await server.connect()
    client.write('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 250000\r\n\r\n')
    await client.until(/ok$/)
    client.write(`${'GET /no HTTP/1.1\r\n\r\n'.padEnd(250000, ' ')}${request()}`)
    t.equal((await client.all()).match(/200 OK/g)?.length, 2)
    t.same(paths.splice(0), ['/1', '/'])
  })
  await t.test('closes it where it is large, or its size unknown', async t => {
    for (const field of ['Content-Length: 100000000', 'Transfer-Encoding: chunked']) {
      const client = await server.connect()
      client.write(`POST /1 HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`)
      t.match(await client.all(), /Connection: close\r\n[\s\S]*ok$/)
    }
    t.same(paths.splice(0), ['/1', '/1'])
  })
})

t.test('a body that was read in part', async t => {
  const app: Application = async (environ, startResponse) => {
    await environ['wsgi.input'].read(3)
    startResponse('200 OK', [])
    return ['ok']
  }
  const server = await serve(t, app)
  await t.test('is read away where the rest is small', async t => {
    const client = await server.connect()
    client.write(`POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 250000\r\n\r\n${'x'.repeat(20000)}`)
    await client.until(/ok$/)
    client.write(`${'x'.repeat(230000)}${request('POST', ['Content-Length: 3'], 'abc')}`)
    t.equal((await client.all()).match(/200 OK/g)?.length, 2)
  })
  await t.test('closes the connection where the rest is large', async t => {
    const client = await server.connect()
    client.write('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nabcdef')
    t.match(await client.all(), /Connection: close\r\n[\s\S]*ok$/)
  })
})

t.test('a read that is left pending does not hold the connection', async t => {
  const outcomes: string[] = []
  const app: Application = (environ, startResponse) => {
    environ['wsgi.input'].read().then(
      () => outcomes.push('read'),
      (error: Error) => outcomes.push(error.message),
    )
    startResponse('200 OK', [])
    return ['ok']
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 250000\r\n\r\nabc')
  await client.until(/ok$/)
  await until('the read ended', () => outcomes.length === 1)
  t.match(outcomes, [/after the response had ended/])
  client.write(`${'x'.repeat(249997)}${request()}`)
  t.equal((await client.all()).match(/200 OK/g)?.length, 2)
})

t.test('a body beyond the limit', async t => {
  const app = reading(async input => (await input.read()).length)
  const server = await serve(t, app, { limitRequestBody: 10 })
  const chunked = (size: number): string =>
    request('POST', ['Transfer-Encoding: chunked'], `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`)
  t.same(bodyOf(await server.exchange(chunked(10))), 10, 'the limit itself is allowed')
  const got = await server.exchange(chunked(11))
  t.match(got, /^HTTP\/1.1 413 Content Too Large\r\n/)
  t.match(got, /Connection: close/)
  t.same(
    server.log.entries.map(({ level, message }) => [level, message]),
    [['info', 'a request was refused']],
  )

  const streaming = await serve(
    t,
    reading(async input => text(input.stream)),
    { limitRequestBody: 10 },
  )
  t.match(await streaming.exchange(chunked(11)), /^HTTP\/1.1 413 /)
  const handling = await serve(
    t,
    reading(input => input.read().then(String, (error: Error & { status: number }) => [error.name, error.status])),
    { limitRequestBody: 10 },
  )
  t.same(bodyOf(await handling.exchange(chunked(11))), ['BodyTooLarge', 413])
})

t.test('an endless body is not taken in faster than it is read', async t => {
  let release: () => void = () => {}
  const wait = new Promise<void>(resolve => {
    release = resolve
  })
  const app = reading(async input => {
    await input.read(10)
    await wait
    return 'done'
  })
  const server = await serve(t, app)
  const client = await server.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n')
  const megabyte = Buffer.alloc(1 << 20)
  while (client.socket.write(megabyte));
  let before = -1
  await until('the kernel takes no more', () => {
    while (client.socket.writableLength < 8 << 20) client.socket.write(megabyte)
    const taken = client.socket.bytesWritten - client.socket.writableLength
    const still = taken === before
    before = taken
    return still
  })
  t.ok((server.sockets[0]?.bytesRead ?? 0) < 1 << 20, 'little is held in memory')
  release()
  await client.until(/"done"$/)
})

t.test('the answer to an upload that goes on arrives, and is not lost in a reset', async t => {
  const apps: Application[] = [
    (_, startResponse) => {
      startResponse('413 Content Too Large', [])
      return ['too large']
    },
    async (environ, startResponse) => {
      await environ['wsgi.input'].read(10)
      startResponse('413 Content Too Large', [])
      return Readable.from(['too ', 'large'])
    },
    () => {
      throw new Error('too large')
    },
  ]
  for (const app of apps) {
    const server = await serve(t, app)
    const client = await server.connect()
    // As clients do that read no answer before they have sent everything.
    client.socket.pause()
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n')
    await new Promise(resolve => client.socket.write(Buffer.alloc(20_000_000), resolve))
    client.socket.resume()
    const got = await client.all()
    t.match(got, /^HTTP\/1.1 (413|500) /)
    t.match(got, /(too |Internal Server Error$)/)
  }
})

t.test('a client that never ends its upload is cut after a moment', async t => {
  const server = await serve(t, (_: Environ, startResponse: StartResponse) => {
    startResponse('403 Forbidden', [])
    return ['no']
  })
  const client = await server.connect()
  client.socket.allowHalfOpen = true
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n')
  await client.until(/no$/)
  await t.resolves(until('the server lets go', () => server.sockets[0]?.destroyed === true))
})

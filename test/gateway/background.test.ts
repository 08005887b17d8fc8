import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Background } from '../../lib/gateway/gateway.js'
import { Backlog } from '../../lib/gateway/wire/backlog.js'
import type { Environ, StartResponse } from '../../lib/gateway/wsgi/types.js'
import type { Answer, Exchange } from '../../lib/http/exchange.js'
import { UploadSpace } from '../../lib/http/upload/upload-space.js'
import { until } from '../helpers/until.js'
import { request, type Served, serve } from './serve.js'

// A sync worker's application does not wait for its client.

const MB = 2 ** 20
const BODY = randomBytes(8 * MB)
const PIECE = 100_000

interface Scene {
  readonly server: Served
  /** How often an application was done. */
  readonly done: () => number
  readonly space: UploadSpace
  readonly problems: unknown[]
}

/** @param directory  for files */
async function scene(t: Test, app: unknown, face: 'wsgi' | 'fetch', directory = t.testdir()): Promise<Scene> {
  let done = 0
  const problems: unknown[] = []
  const space = new UploadSpace(directory, 'response')
  const background: Background = { space, most: 2 * MB, onNotStored: error => problems.push(error) }
  const before = (exchange: Exchange): void => {
    exchange.release = () => {
      done++
    }
  }
  return { server: await serve(t, app, { interface: face, background, before }), done: () => done, space, problems }
}

/** All of a response, as bytes, once the client begins to read. */
async function bodyOf(server: Served, meanwhile: () => Promise<void>, method = 'GET'): Promise<Buffer> {
  const end = await server.dial()
  end.pause()
  end.write(request(method))
  await meanwhile()
  const chunks: Buffer[] = []
  end.on('data', (chunk: Buffer) => chunks.push(chunk)).resume()
  await once(end, 'close')
  const all = Buffer.concat(chunks)
  return all.subarray(all.indexOf('\r\n\r\n') + 4)
}

function filesIn(directory: string): number {
  return readdirSync('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(join('/proc/self/fd', fd)).startsWith(directory)
    } catch {
      return false
    }
  }).length
}

function* pieces(): Generator<Buffer> {
  for (let at = 0; at < BODY.length; at += PIECE) yield BODY.subarray(at, at + PIECE)
}

const whole = {
  wsgi: (_: Environ, startResponse: StartResponse) => {
    startResponse('200 OK', [])
    return [BODY.subarray(0, MB), BODY.subarray(MB)]
  },
  fetch: { fetch: () => new Response(BODY) },
}

for (const face of ['wsgi', 'fetch'] as const) {
  t.test(`${face}: a whole body, whatever its size, is not the application's to wait for`, async t => {
    const { server, done } = await scene(t, whole[face], face)
    const body = await bodyOf(server, () => until('the application is done', () => done() > 0))
    t.ok(body.equals(BODY))
    t.same(server.log.errors, [])
  })

  t.test(`${face}: a stream is taken up to responseBuffer`, async t => {
    let pulled = 0
    async function* counted(): AsyncGenerator<Buffer> {
      for (const piece of pieces()) {
        pulled += piece.length
        yield piece
      }
    }
    const app = {
      wsgi: (_: Environ, startResponse: StartResponse) => {
        startResponse('200 OK', [['Content-Length', String(BODY.length)]])
        return counted()
      },
      fetch: { fetch: () => new Response(ReadableStream.from(counted())) },
    }
    const { server, done } = await scene(t, app[face], face)
    let last = -1
    const body = await bodyOf(server, async () => {
      await until('nothing is pulled any more', () => {
        const isStill = pulled > 2 * MB && pulled === last
        last = pulled
        return isStill
      })
      // The kernel has some of it, on TCP.
      t.equal(done(), pulled < BODY.length ? 0 : 1)
    })
    if (face === 'wsgi') t.ok(body.equals(BODY))
    else t.ok(body.length > BODY.length, 'in chunks')
    await until('the application is done', () => done() > 0)
    t.same(server.log.errors, [])
  })
}

const bodies = { 'that is not so large': BODY.subarray(0, MB), 'that is large': BODY }

for (const [name, body] of Object.entries(bodies)) {
  t.test(`a body ${name} is counted until all of it has left: a part keeps all of it in memory`, async t => {
    const app = (_: Environ, startResponse: StartResponse) => {
      startResponse('200 OK', [])
      return body
    }
    const { server, space } = await scene(t, app, 'wsgi')
    const changes: number[] = []
    const { hold } = UploadSpace.prototype
    space.hold = bytes => {
      if (bytes !== 0) changes.push(bytes)
      hold.call(space, bytes)
    }
    t.ok((await bodyOf(server, async () => {})).equals(body))
    await until('it is not counted any more', () => changes.length === 2)
    t.same(changes, [body.length, -body.length])
  })
}

t.test('what the engine holds of a large chunk keeps nothing else of it in memory', async t => {
  const held: Uint8Array[] = []
  const answer: Partial<Answer> = {
    gone: false,
    ended: false,
    write: chunk => typeof chunk !== 'string' && held.push(chunk) > 0,
    drained: async () => {},
  }
  const space = new UploadSpace(t.testdir(), 'response')
  const backlog = new Backlog(answer as Answer, { space, most: 2 * MB, onNotStored: () => {} })
  backlog.write(BODY)
  await new Promise<void>(resolve => backlog.finish(resolve))
  t.ok(Buffer.concat(held).equals(BODY))
  t.same(
    held.filter(({ buffer }) => buffer.byteLength > 1 << 16),
    [],
  )
})

t.test('what memory has no room for lies in a file, and comes in order', async t => {
  const directory = t.testdir()
  const { server, done, space, problems } = await scene(t, whole.wsgi, 'wsgi', directory)
  space.hold(64 * MB)
  const body = await bodyOf(server, async () => {
    await until('the application is done', () => done() > 0)
    await until('it is in a file', () => filesIn(directory) === 1)
    // From here on what comes stays in memory.
    space.hold(-64 * MB)
  })
  t.ok(body.equals(BODY))
  await until('the file is closed', () => filesIn(directory) === 0)
  t.same(problems, [])
  t.same(readdirSync(directory), [])
})

t.test('a client that leaves takes its backlog along', async t => {
  const directory = t.testdir()
  const { server, space } = await scene(t, whole.wsgi, 'wsgi', directory)
  space.hold(64 * MB)
  const end = await server.dial()
  end.pause()
  end.write(request())
  await until('it is in a file', () => filesIn(directory) === 1)
  end.destroy()
  await until('the file is closed', () => filesIn(directory) === 0)
  t.notOk(space.hasRoom)
  space.hold(-1)
  t.ok(space.hasRoom, 'nothing is counted that is gone')
  t.same(server.log.errors, [])
})

t.test('without a disk the application waits for its client, and the answer arrives', async t => {
  const { server, done, space, problems } = await scene(t, whole.wsgi, 'wsgi', '/nonexistent')
  space.hold(64 * MB)
  t.ok((await bodyOf(server, () => until('it cannot be stored', () => problems.length > 0))).equals(BODY))
  t.match(problems, [{ message: /^the response could not be stored in \/nonexistent \(tmpUploadDir\): ENOENT/ }])
  t.ok(done() > 0)
})

t.test('a large body is held to its Content-Length', async t => {
  for (const [length, breach] of [
    [BODY.length - 1, 'the body is longer than its Content-Length: the rest is not sent'],
    [BODY.length + 1, 'the body is shorter than its Content-Length: the connection is closed'],
  ] as const) {
    const app = (_: Environ, startResponse: StartResponse) => {
      startResponse('200 OK', [['Content-Length', String(length)]])
      return BODY
    }
    const { server } = await scene(t, app, 'wsgi')
    const body = await bodyOf(server, async () => {})
    t.ok(body.equals(BODY.subarray(0, length)))
    t.same(server.log.errors, [breach])
  }
  const { server } = await scene(t, whole.wsgi, 'wsgi')
  t.equal((await bodyOf(server, async () => {}, 'HEAD')).length, 0)
  t.same(server.log.errors, [])
})

t.test('a file is sent by the server alone', async t => {
  const directory = t.testdir({ file: BODY.toString('hex') })
  const app = (environ: Environ, startResponse: StartResponse) => {
    startResponse('200 OK', [])
    return environ['wsgi.file_wrapper'](join(directory, 'file'))
  }
  const { server, done } = await scene(t, app, 'wsgi', directory)
  const body = await bodyOf(server, () => until('the application is done', () => done() > 0))
  t.ok(body.length > 2 * BODY.length, 'in chunks')
  t.same(server.log.errors, [])
})

t.test('a file behind what was written comes behind it', async t => {
  const directory = t.testdir({ file: 'the end' })
  const app = (environ: Environ, startResponse: StartResponse) => {
    const write = startResponse('200 OK', [['Content-Length', String(BODY.length + 7)]])
    write(BODY)
    return environ['wsgi.file_wrapper'](join(directory, 'file'))
  }
  const { server } = await scene(t, app, 'wsgi', directory)
  const body = await bodyOf(server, async () => {})
  t.ok(body.equals(Buffer.concat([BODY, Buffer.from('the end')])))
  t.same(server.log.errors, [])
})

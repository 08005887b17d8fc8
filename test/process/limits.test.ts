import t, { type Test } from 'tap'
import { type AccessLine, accessLines, JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { answers } from '../helpers/answers.js'
import { Client } from '../helpers/http.js'
import { descriptorsOf } from '../helpers/process.js'
import { connectRaw, head, type Raw } from '../helpers/raw.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

const LIMITS = {
  '--limit-request-line': 200,
  // As many as Node's parser hands over at once.
  '--limit-request-fields': 32,
  '--limit-request-field-size': 300,
  '--limit-request-body': 100_000,
}
const MUCH = Buffer.alloc(5_000_000, 'x')

interface Case {
  readonly name: string
  readonly status: number
  readonly bytes: readonly (string | Buffer)[]
  readonly line: Partial<AccessLine>
}

const post = (path: string, fields: readonly string[]): string => head(path, fields).replace('GET', 'POST')
const refused = { outcome: 'refused' } as const
const finished = { outcome: 'finished' } as const
const closing = ['Connection: close']
const fields = (count: number): string[] => Array.from({ length: count }, (_, number) => `X-${number}: 1`)

const CASES: readonly Case[] = [
  { name: 'long request line', status: 414, bytes: [head(`/${'a'.repeat(200)}`)], line: { method: 'GET', ...refused } },
  // The method and the version are 13 bytes of the line; Host is one more field.
  { name: 'as long a line', status: 200, bytes: [head(`/pid?${'a'.repeat(182)}`, closing)], line: finished },
  { name: 'as many fields', status: 200, bytes: [head('/pid', [...closing, ...fields(30)])], line: finished },
  {
    name: 'as large a body',
    status: 200,
    bytes: [post('/echo', [...closing, 'Content-Length: 100000']), MUCH.subarray(0, 100_000)],
    line: finished,
  },
  {
    name: 'as large chunks',
    status: 200,
    bytes: [
      post('/echo', [...closing, 'Transfer-Encoding: chunked']),
      '186a0\r\n',
      MUCH.subarray(0, 100_000),
      '\r\n0\r\n\r\n',
    ],
    line: finished,
  },
  { name: 'no Host', status: 400, bytes: ['GET /none HTTP/1.1\r\n\r\n'], line: { url: '/none', ...refused } },
  {
    name: 'CONNECT that nobody listens for',
    status: 501,
    bytes: ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'],
    line: { method: 'CONNECT', url: 'a:1', ...refused },
  },
  { name: 'too many fields', status: 431, bytes: [head('/many', fields(32))], line: { url: '/many', ...refused } },
  // Some versions of Node tell these by themselves, and no request is known then.
  { name: 'far too many', status: 431, bytes: [head('/many', fields(200))], line: refused },
  {
    name: 'too large a field',
    status: 431,
    bytes: [head('/large', [`X-Large: ${'a'.repeat(300)}`])],
    line: { url: '/large', ...refused },
  },
  {
    name: 'a head beyond all limits',
    status: 431,
    bytes: [head('/endless', [`X-Large: ${'a'.repeat(100_000)}`])],
    // Nothing is known of it where the parser gives up by itself.
    line: refused,
  },
  {
    name: 'Content-Length too large, and all of it sent',
    status: 413,
    bytes: [post('/echo?length', [`Content-Length: ${MUCH.length}`]), MUCH],
    line: { url: '/echo?length', ...refused },
  },
  {
    name: 'chunks too large, and all of them sent',
    status: 413,
    bytes: [
      post('/echo?chunks', ['Transfer-Encoding: chunked']),
      `${MUCH.length.toString(16)}\r\n`,
      MUCH,
      '\r\n0\r\n\r\n',
    ],
    line: { url: '/echo?chunks' },
  },
]

function start(t: Test, args: readonly string[], options: ServerOptions): Promise<Server> {
  return startServer(t, { app: answers, ...options, args: [...JSON_ACCESS_LOG, ...args] })
}

for (const face of ['node', 'wsgi', 'fetch']) {
  for (const workerClass of ['async', 'sync']) {
    const args = ['--interface', face, '--worker-class', workerClass]

    t.test(`${face}, ${workerClass}: what is beyond a limit is answered, closed and logged once`, async t => {
      const limits = Object.entries(LIMITS).flatMap(([flag, limit]) => [flag, String(limit)])
      const server = await start(t, [...args, ...limits], { spec: `app:${face}` })
      const worker = server.worker()
      for (const { name, status, bytes } of CASES) {
        const raw = await connectRaw(t, server.target)
        for (const part of bytes) raw.write(part)
        const text = await raw.all()
        t.match(text, new RegExp(`^HTTP/1\\.1 ${status} `), name)
        t.match(text, /^connection: close\r\n/im, name)
        t.equal(text.match(/HTTP\/1\.1 /g)?.length, 1, `${name}: one answer`)
        t.match(text.split('\r\n\r\n')[1], /\w/, `${name}: with its body`)
      }
      t.equal((await new Client(t, server.target).get('/pid')).pid, worker, 'the worker goes on')
      await server.stop()
      const lines = accessLines(server)
      t.match(lines, [...CASES.map(({ status, line }) => ({ status, ...line })), { url: '/pid', status: 200 }])
      t.equal(lines.length, CASES.length + 1)
    })
  }
}

for (const workerClass of ['async', 'sync']) {
  t.test(`${workerClass}: a head that is not complete in time is answered, closed and logged once`, async t => {
    const args = ['--worker-class', workerClass, '--interface', 'node', '--header-timeout', '500ms']
    const server = await start(t, args, { spec: 'app:node' })
    const worker = server.worker()
    const client = new Client(t, server.target)
    const [silent, half, trickling] = await Promise.all([1, 2, 3].map(() => connectRaw(t, server.target)))
    if (!silent || !half || !trickling) throw new Error('not three')
    half.write('GET /half HTTP/1.1\r\nHost: te')
    trickling.write('GET /trickle HTTP/1.1\r\nX-Trickle: ')
    const answeredBy = new Set<number>()
    // A byte for each request of another client, to the end.
    while (trickling.text === '' && !trickling.socket.closed) {
      trickling.write('x')
      answeredBy.add((await client.get('/pid')).pid)
    }
    t.same(answeredBy, new Set([worker]))
    for (const raw of [silent, half, trickling]) {
      t.match(await raw.all(), /^HTTP\/1\.1 408 [\s\S]*^connection: close\r\n/im)
    }
    t.equal((await client.get('/pid')).pid, worker, 'the worker goes on')
    await server.stop()
    const others = accessLines(server).filter(({ url }) => url !== '/pid')
    t.same(
      others.map(({ status, outcome }) => `${status} ${outcome}`),
      ['408 timeout', '408 timeout', '408 timeout'],
    )
  })
}

t.test('sync: clients that say nothing, or too little, hold nobody', async t => {
  // Less than one that waited for all of them in turn would need.
  const args = ['--worker-class', 'sync', '--interface', 'node', '--header-timeout', '5s']
  const server = await start(t, args, { spec: 'app:node' })
  const connect = (count: number): Promise<Raw[]> =>
    Promise.all(Array.from({ length: count }, () => connectRaw(t, server.target)))
  const [silent, trickling] = await Promise.all([connect(200), connect(50)])
  for (const raw of trickling) raw.write('GET /slow HTTP/1.1\r\n')
  const client = new Client(t, server.target)
  for (let round = 0; round < 5; round++) {
    for (const raw of trickling) raw.write(`X-${round}: 1\r\n`)
    t.equal((await client.get('/pid')).status, 200)
  }
  t.notOk(
    [...silent, ...trickling].some(({ socket }) => socket.closed),
    'they are all still there',
  )
  for (const raw of trickling) raw.write('Host: test\r\n\r\n')
  for (const raw of trickling) t.match(await raw.all(), /^HTTP\/1\.1 200 /)
})

for (const [connections, parked] of [
  [5, 5],
  [6, 5],
] as const) {
  const outcome = connections > parked ? 'leave room for one more' : 'leave no room'
  t.test(`sync: of ${connections} connections, ${parked} that are parked ${outcome}`, async t => {
    const timeout = connections > parked ? '60s' : '500ms'
    const args = ['--worker-class', 'sync', '--worker-connections', String(connections), '--header-timeout', timeout]
    const server = await start(t, [...args, '--interface', 'node'], { spec: 'app:node' })
    const worker = server.worker()
    const sockets = (): number => [...descriptorsOf(worker).values()].filter(name => name.startsWith('socket:')).length
    const before = sockets()
    const silent = await Promise.all(Array.from({ length: parked }, () => connectRaw(t, server.target)))
    const open = (): number => silent.filter(({ text, socket }) => text === '' && !socket.closed).length
    if (connections > parked) await until('all are taken', () => sockets() >= before + parked)
    t.equal((await new Client(t, server.target).get('/pid')).status, 200)
    if (connections === parked) await Promise.race(silent.map(({ ending }) => ending))
    t.equal(open() === parked, connections > parked, `${open()} of them are still there`)
  })
}

import t, { type Test } from 'tap'
import { accessLine, accessLines, JSON_ACCESS_LOG, summaryOf } from '../helpers/access-lines.js'
import { messages } from '../helpers/messages.js'
import { connectRaw, head } from '../helpers/raw.js'
import { until } from '../helpers/until.js'
import { everyLine, type Scene, scene } from './access-scene.js'

const INTERFACES = ['node', 'wsgi', 'fetch'] as const
const CLASSES = ['async', 'sync'] as const

/** Has something happen to a server, and returns the lines that must come of it. */
type Deed = (t: Test, scene: Scene) => Promise<string[]>

const finished: Deed = async (t, { server, client }) => {
  const pidBytes = String(server.worker()).length
  for (const path of ['/pid?1', '/pid?2', '/pid?3', '/stream', '/304']) await client.get(path)
  await client.get('/pid', { method: 'HEAD' })
  await client.get('/stream', { method: 'HEAD' })
  await client.get('/echo?1', { method: 'POST', body: 'x'.repeat(100) })
  const headers = { 'Transfer-Encoding': 'chunked' }
  t.equal((await client.get('/echo?2', { method: 'POST', headers, body: 'x'.repeat(1000) })).body, '1000')
  return [
    'GET /304 304 0 finished',
    `GET /pid?1 200 ${pidBytes} finished`,
    `GET /pid?2 200 ${pidBytes} finished`,
    `GET /pid?3 200 ${pidBytes} finished`,
    // "begin", "middle" and "end" with an accent of two bytes, each with its line feed; no chunk sizes.
    'GET /stream 200 19 finished',
    'HEAD /pid 200 0 finished',
    'HEAD /stream 200 0 finished',
    'POST /echo?1 200 3 finished',
    'POST /echo?2 200 4 finished',
  ]
}

/** @param answers how many of the three are answered on one connection */
const pipelined =
  (answers: number): Deed =>
  async (t, { server }) => {
    const raw = await connectRaw(t, server.target)
    raw.write(head('/stream?p1') + head('/stream?p2') + head('/stream?p3', ['Connection: close']))
    t.equal((await raw.all()).match(/HTTP\/1\.1 200 OK/g)?.length, answers)
    return [1, 2, 3].slice(0, answers).map(number => `GET /stream?p${number} 200 19 finished`)
  }

const givenUp: Deed = async (t, { server, holds }) => {
  const upload = ['Content-Length: 10']
  for (const [name, bytes] of Object.entries({
    idle: head('/hold/idle'),
    early: head('/hold/early', upload),
    upload: `${head('/hold/upload', upload)}12345`,
  })) {
    const raw = await connectRaw(t, server.target)
    raw.write(bytes)
    await holds.arrival(name)
    raw.socket.destroy()
    t.match(await accessLine(server, `/hold/${name}`), { status: null, bytes: 0, outcome: 'aborted' })
  }
  const raw = await connectRaw(t, server.target)
  raw.write(head('/head/response'))
  await raw.until(/begin/)
  raw.socket.destroy()
  t.match(await accessLine(server, '/head/response'), { status: 200, bytes: 6, outcome: 'aborted' })
  for (const name of ['idle', 'early', 'upload', 'response']) holds.release(name)
  return [
    ...['early', 'idle', 'upload'].map(name => `GET /hold/${name} null 0 aborted`),
    'GET /head/response 200 6 aborted',
  ]
}

const noRequests: Deed = async (t, { server }) => {
  const before = accessLines(server).length
  const raw = await connectRaw(t, server.target)
  raw.write('NO SUCH THING\r\n\r\n')
  t.match(await raw.all(), /^HTTP\/1\.1 400 /)
  const torn = await connectRaw(t, server.target)
  torn.write(`${head('/echo', ['Transfer-Encoding: chunked']).replace('GET', 'POST')}no number\r\n`)
  t.match(await torn.all(), /^HTTP\/1\.1 400 /)
  const gone = await connectRaw(t, server.target)
  gone.write('GET /half HTTP/1.1\r\n')
  gone.socket.destroy()
  await until('their lines are there', () => accessLines(server).length >= before + 3)
  const lines = accessLines(server).slice(before)
  t.same(new Set(lines.map(({ remoteAddress }) => remoteAddress)), new Set(['127.0.0.1']))
  const refused = `400 ${'Bad Request'.length} refused`
  const wanted = [`  ${refused}`, `POST /echo ${refused}`, `  ${refused}`]
  t.same(lines.map(summaryOf), wanted)
  return wanted
}

const interrupted: Deed = async (t, { server, holds }) => {
  const raw = await connectRaw(t, server.target)
  raw.write(head('/hold/int'))
  await holds.arrival('int')
  process.kill(server.worker(), 'SIGINT')
  t.equal(await raw.all(), '')
  await server.log(messages.exited)
  await server.ready(2)
  return ['GET /hold/int null 0 aborted']
}

const ownExit: Deed = async (t, { server, client }) => {
  for (const number of [1, 2, 3]) await client.get(`/stream?e${number}`)
  await t.rejects(client.get('/exit'))
  await server.ready(3)
  return ['GET /exit null 0 aborted', ...[1, 2, 3].map(number => `GET /stream?e${number} 200 19 finished`)]
}

/** A body that ends too early behind its answer has no line, and no answer, of its own. */
const tooEarly: Deed = async (t, { server }) => {
  const raw = await connectRaw(t, server.target)
  raw.write(`${head('/pid?early', ['Content-Length: 10']).replace('GET', 'POST')}12345`)
  const pid = String(server.worker())
  await raw.until(new RegExp(`\r\n\r\n${pid}$`))
  raw.socket.end()
  t.match(await raw.all(), new RegExp(`\r\n\r\n${pid}$`))
  return [`POST /pid?early 200 ${pid.length} finished`]
}

for (const face of INTERFACES) {
  for (const workerClass of CLASSES) {
    t.test(`${face}, ${workerClass}: each request has one line, and nothing else has one`, async t => {
      // Some are answered before their bodies are there.
      const args = [...JSON_ACCESS_LOG, '--worker-class', workerClass, '--no-request-buffering']
      const expectErrors = [messages.ownExit, messages.exited]
      const all = await scene(t, args, { spec: `app:${face}`, expectErrors })
      const lines: string[] = []
      const deeds: Readonly<Record<string, Deed>> = {
        'finished requests, with the bytes of their bodies': finished,
        'pipelined requests: as many lines as answers': pipelined(workerClass === 'async' ? 3 : 1),
        'requests that their clients give up': givenUp,
        'bytes that are no request': noRequests,
        'a body that ends too early': tooEarly,
        'a request that INT to its worker ends': interrupted,
        'the request that ends the process, and those before': ownExit,
      }
      for (const [what, deed] of Object.entries(deeds)) {
        await t.test(what, async t => {
          lines.push(...(await deed(t, all)))
        })
      }
      t.same(await everyLine(all.server), lines.sort())
    })
  }

  t.test(`${face}: a request timeout has one line, before and behind the head`, async t => {
    const args = [...JSON_ACCESS_LOG, '--request-timeout', '200ms']
    const { server, client } = await scene(t, args, { spec: `app:${face}` })
    t.equal((await client.get('/hold/a')).status, 504)
    await t.rejects(client.get('/head/b'))
    const bytes = 'Gateway Timeout'.length
    t.same(await everyLine(server), ['GET /head/b 200 6 timeout', `GET /hold/a 504 ${bytes} timeout`])
  })

  t.test(`${face}: a request for which a sync worker is taken for hung has one line`, async t => {
    const args = [...JSON_ACCESS_LOG, '--worker-class', 'sync', '--timeout', '500ms']
    const expectErrors = [messages.timeout, messages.exited, messages.aborted]
    const { server, client } = await scene(t, args, { spec: `app:${face}`, expectErrors })
    t.equal((await client.get('/hold/a')).status, 504)
    await server.ready(2)
    t.same(await everyLine(server), [`GET /hold/a 504 ${'Gateway Timeout'.length} timeout`])
  })

  t.test(`${face}: fields of request and response, and the environ`, async t => {
    const format = '%(h)s|%({x-in}i)s|%({X-OUT}o)s|%({wsgi.url_scheme}e)s|%({x-none}o)s|%(b)s'
    const { server, client } = await scene(t, ['--access-logfile', '-', '--access-logformat', format], {
      spec: `app:${face}`,
    })
    await client.get('/fields', { headers: { 'X-In': 'in' } })
    await server.stop()
    const scheme = face === 'wsgi' ? 'http' : '-'
    t.same(
      server.stdout.lines.map(({ msg }) => msg),
      [`127.0.0.1|in|given \\x22so\\x22|${scheme}|-|2`],
    )
  })
}

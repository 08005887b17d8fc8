import { once } from 'node:events'
import t from 'tap'
import type { Application, Chunk, Environ } from '../../lib/gateway/wsgi/types.js'
import { until } from '../helpers/until.js'
import { request, serve } from './serve.js'
import { gate } from './waits.js'

t.test('unicorn.signal', async t => {
  const environs: Environ[] = []
  const { passed, open } = gate()
  const app: Application = async (environ, startResponse) => {
    environs.push(environ)
    startResponse('200 OK', [])
    if (environ.PATH_INFO === '/wait') await passed
    return ['ok']
  }
  const server = await serve(t, app)
  await t.test('is one signal, not aborted by a finished response', async t => {
    await server.exchange(request())
    const environ = environs.pop()
    t.equal(environ?.['unicorn.signal'], environ?.['unicorn.signal'])
    t.ok(environ?.['unicorn.signal'] instanceof AbortSignal)
  })
  await t.test('is aborted when the client goes away', async t => {
    const client = await server.connect()
    client.write('GET /wait HTTP/1.1\r\nHost: a\r\n\r\n')
    await until('the application runs', () => environs.length === 1)
    const signal = environs[0]?.['unicorn.signal']
    t.equal(signal?.aborted, false)
    client.socket.destroy()
    if (signal !== undefined && !signal.aborted) await once(signal, 'abort')
    t.equal(signal?.aborted, true)
    open()
  })
  t.test('is aborted from the start if it is asked for too late', async t => {
    await until('the server knows', () => server.exchanges.at(-1)?.answer.gone === true)
    const [environ] = environs.splice(0)
    t.equal({ ...environ }['unicorn.signal']?.aborted, true)
  })
})

t.test('an application that rejects because its client left is no error', async t => {
  const app: Application = async (environ, startResponse) => {
    startResponse('200 OK', [])
    const signal = environ['unicorn.signal']
    await once(signal, 'abort')
    signal.throwIfAborted()
    return []
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write(request())
  await until('the request is there', () => server.exchanges.length === 1)
  client.socket.destroy()
  await until('it is noted', () => server.log.entries.length === 1)
  t.match(server.log.entries, [{ level: 'debug', message: 'the client went away' }])
})

t.test('a request that the server has answered in place of the application', async t => {
  const { passed, open } = gate()
  const events: string[] = []
  function* endless(): Generator<Chunk> {
    for (;;) {
      events.push('pulled')
      yield 'x'
    }
  }
  const app: Application = async (_, startResponse) => {
    await passed
    startResponse('200 OK', [])
    return { [Symbol.iterator]: endless, close: () => events.push('close') }
  }
  const server = await serve(t, app)
  const client = await server.connect()
  client.write(request())
  await until('the request is there', () => server.exchanges.length === 1)
  server.exchanges[0]?.answer.refuse(504)
  open()
  await until('the body is closed', () => events.includes('close'))
  t.same(events, ['close'])
  t.match(await client.all(), /^HTTP\/1.1 504 [\s\S]*Gateway Timeout$/)
})

t.test('an application whose request took too long, and that can be interrupted', async t => {
  const events: string[] = []
  const app: Application = async (environ, startResponse) => {
    startResponse('200 OK', [])
    const signal = environ['unicorn.signal']
    if (environ.PATH_INFO === '/signal') {
      await once(signal, 'abort')
      events.push('abort')
      throw signal.reason
    }
    const next = (): Promise<IteratorResult<Chunk>> => new Promise(() => {})
    return { [Symbol.asyncIterator]: () => ({ next }), close: () => events.push('close') }
  }
  const server = await serve(t, app)
  for (const [i, [path, event]] of [
    ['/signal', 'abort'],
    ['/body', 'close'],
  ].entries()) {
    const client = await server.connect()
    client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    await until('the application can be interrupted', () => server.exchanges[i]?.abort !== undefined)
    const exchange = server.exchanges[i]
    exchange?.answer.refuse(504)
    exchange?.abort?.(new Error('too slow'))
    await until('it was interrupted', () => events.length > 0)
    t.same(events.splice(0), [event])
    await client.until(/Gateway Timeout$/)
  }
  t.same(server.log.errors, [])
})

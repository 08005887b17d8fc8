import t from 'tap'
import { head, type Raw } from '../helpers/raw.js'
import { plain, startTwins, type Twin } from '../helpers/twins.js'
import { until } from '../helpers/until.js'

const CLOSE = ['Connection: close']
const PLAIN = /\r\n\r\nplain$/

const twins = await startTwins(t, 'server.js')

const get = (path: string, fields: readonly string[] = CLOSE) => head(path, fields)
const post = (path: string, fields: readonly string[]) => get(path, [...CLOSE, ...fields]).replace('GET', 'POST')

/** A connection that was answered once and is kept. */
async function idle(twin: Twin): Promise<Raw> {
  return opened(twin, get('/plain', []), PLAIN)
}

async function opened(twin: Twin, bytes: string, answer: RegExp): Promise<Raw> {
  const raw = await twin.connect()
  raw.write(bytes)
  await raw.until(answer)
  return raw
}

/** Has the application do something to its server in both, and what was done undone. */
async function asked<Outcome>(paths: { to: string; undo: string }, scene: () => Promise<Outcome>): Promise<Outcome> {
  await twins.ask(paths.to)
  try {
    return await scene()
  } finally {
    await twins.ask(paths.undo)
  }
}

const listening = <Outcome>(event: string, scene: () => Promise<Outcome>) =>
  asked({ to: `/on/${event}`, undo: `/off/${event}` }, scene)

t.test('a connection belongs to the server that the application made', async t => {
  const { outcome } = await twins.same(t, twin => twin.answer(get('/own')))
  t.match(outcome, /true$/)
})

t.test('classes and other options of createServer', async t => {
  const fields = [...CLOSE, 'X-A: 1', 'Authorization: a', 'Authorization: b']
  const { outcome } = await twins.same(t, twin => twin.answer(get('/classes/', fields)))
  t.match(outcome, /X-Once: a; b\r\n[\s\S]*\[true,"\/CLASSES\/",.*"authorization":"a, b"/)
})

t.test('Expect: 100-continue', async t => {
  const bytes = post('/echo', ['Content-Length: 4', 'Expect: 100-continue'])
  const scene = async (twin: Twin) => {
    const raw = await opened(twin, bytes, /100 Continue\r\n\r\n/)
    raw.write('body')
    return plain(await raw.all())
  }
  await twins.same(t, scene, 'without a listener')
  await listening('checkContinue', async () => {
    const { said } = await twins.same(t, scene, 'with a listener')
    t.match(said.join(), /checkContinue \/echo 100-continue/)
    const refused = bytes.replace('/echo', '/refuse')
    t.match((await twins.same(t, twin => twin.answer(refused))).outcome, /^HTTP\/1.1 413 /)
  })
})

t.test('another expectation', async t => {
  const bytes = get('/plain', ['Expect: better'])
  await listening('checkExpectation', async () => {
    const { outcome } = await twins.same(t, async twin => {
      const raw = await opened(twin, bytes, /as expected\r\n0\r\n\r\n$/)
      raw.write(get('/plain'))
      return plain(await raw.all())
    })
    t.match(outcome, /^HTTP\/1.1 202 Accepted/)
  })
  const { node, unicorn } = await twins.each(twin => twin.answer(get('/plain', [...CLOSE, 'Expect: better'])))
  t.match(node, /^HTTP\/1.1 417 Expectation Failed\r\n/)
  t.match(unicorn, /^HTTP\/1.1 417 Expectation Failed\r\nContent-Type: text\/plain\r\n/)
})

t.test('connection', async t => {
  await asked({ to: '/once/connection', undo: '/off/connection' }, async () => {
    const { said } = await twins.same(t, async twin => {
      const raw = await idle(twin)
      raw.socket.destroy()
      await twin.says(/^connection closed/)
    })
    t.same(said.slice(0, 2), ['connection 127.0.0.1 true true', 'connection closed false'])
  })
})

t.test('getConnections', async t => {
  await twins.same(t, async twin => {
    const others = [await idle(twin), await idle(twin)]
    // Connections of earlier scenes may be closing still.
    await until('three connections', async () => (await twin.answer(get('/count'))).endsWith('[null,3,true]'))
    for (const { socket } of others) socket.destroy()
  })
})

for (const upgraded of [false, true]) {
  t.test(`connections that the application closes${upgraded ? ', but upgraded ones' : ''}`, async t => {
    await listening('upgrade', async () => {
      for (const method of ['closeIdleConnections', 'closeAllConnections']) {
        const scene = async (twin: Twin) => {
          const first = await idle(twin)
          const held = await opened(twin, get('/hold'), /^/)
          await twin.says(/^held$/)
          const socket = upgraded
            ? await opened(twin, get('/', ['Connection: upgrade', 'Upgrade: x']), /101/)
            : undefined
          const asking = twin.answer(get(`/call/${method}`))
          await first.ending
          socket?.write('still there')
          await socket?.until(/still there$/)
          socket?.socket.resetAndDestroy()
          if (method === 'closeIdleConnections') await twin.answer(get('/release'))
          return [await first.ending, await held.ending, plain(held.text), await asking]
        }
        const { outcome, said } = await twins.same(t, scene, method)
        t.equal(said.includes('held closed false'), method === 'closeAllConnections')
        t.match(outcome[2], method === 'closeAllConnections' ? /^$/ : /released$/)
      }
    })
  })
}

t.test('server.timeout', async t => {
  const held = async (twin: Twin) => {
    const raw = await opened(twin, get('/hold'), /^/)
    await twin.says(/^held closed/)
    return [plain(await raw.all()), await raw.ending]
  }
  await asked({ to: '/set/timeout/50', undo: '/set/timeout/0' }, async () => {
    const { outcome } = await twins.same(t, held, 'the connection is closed')
    t.same(outcome, ['', 'closed'])
    await listening('timeout', async () => {
      const { said } = await twins.same(t, held, 'unless the application listens for it')
      t.ok(said.includes('timeout true'))
    })
  })
  await asked({ to: '/set-timeout/50', undo: '/off/timeout' }, async () => {
    const { outcome } = await twins.same(t, held, 'by setTimeout')
    t.match(outcome, [/^HTTP\/1.1 408 Mine/])
  })
  await twins.ask('/set/timeout/0')
})

t.test('maxRequestsPerSocket', async t => {
  await listening('dropRequest', () =>
    asked({ to: '/set/maxRequestsPerSocket/2', undo: '/set/maxRequestsPerSocket/0' }, async () => {
      const { outcome } = await twins.same(t, async twin => {
        const raw = await idle(twin)
        raw.write(get('/plain', []))
        return plain(await raw.until(/Connection: close[\s\S]*plain$/))
      })
      t.match(outcome, /Connection: keep-alive\r\n[\s\S]*Connection: close\r\n/)
      const { said } = await twins.same(t, async twin => {
        const raw = await twin.connect()
        raw.write(get('/hold', []) + get('/plain', []) + get('/plain', []))
        await twin.says(/^dropRequest/)
        await twin.answer(get('/release'))
        return plain(await raw.until(/released[\s\S]*plain[\s\S]* 503 [\s\S]*0\r\n\r\n$/))
      })
      t.ok(said.includes('dropRequest /plain true'))
    }),
  )
})

t.test('what unicorn does by its own settings: idle connections, and bytes that are no request', async t => {
  await asked({ to: '/set/keepAliveTimeout/9000', undo: '/set/keepAliveTimeout/5000' }, async () => {
    const { node, unicorn } = await twins.each(async twin => (await idle(twin)).text)
    t.match(node, /Keep-Alive: timeout=9\r\n/)
    t.match(unicorn, /Keep-Alive: timeout=5\r\n/)
  })
  await listening('clientError', async () => {
    const { node, unicorn } = await twins.each(twin => twin.answer('no request\r\n\r\n'))
    t.match(node, /^HTTP\/1.1 400 Mine/)
    t.match(unicorn, /^HTTP\/1.1 400 Bad Request\r\nConnection: close\r\n/)
  })
})

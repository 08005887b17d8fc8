import { once } from 'node:events'
import t from 'tap'
import { head, type Raw } from '../helpers/raw.js'
import { plain, startTwins, type Twin } from '../helpers/twins.js'

const CLOSE = ['Connection: close']
const CHUNKED = 'Transfer-Encoding: chunked'
const END = '0\r\n\r\n'
const MB = 1024 * 1024

const twins = await startTwins(t, 'requests.js')

const get = (path: string, fields: readonly string[] = CLOSE) => head(path, fields)
const post = (path: string, fields: readonly string[]) => get(path, fields).replace('GET', 'POST')
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

async function send(twin: Twin, bytes: string): Promise<Raw> {
  const raw = await twin.connect()
  raw.write(bytes)
  return raw
}

t.test('what the application sees of a request and its connection', async t => {
  const fields = ['X-Two: 1', 'x-two: 2', 'Cookie: a', 'Cookie: b', 'Content-Type: a', 'Set-Cookie: x', 'Set-Cookie: y']
  for (const connection of ['close', 'keep-alive, close', 'Close']) {
    const bytes = get('/facts/?a=%20&b', [...fields, `Connection: ${connection}`])
    const { outcome } = await twins.same(t, twin => twin.answer(bytes))
    t.match(outcome, /"socket":true.*"isServed":true/)
  }
})

t.test('responses, byte by byte', async t => {
  const paths = [
    'plain',
    'length',
    'chunks',
    'array',
    'flush',
    'cork',
    'raw',
    'close',
    'close-header',
    'hints',
    'unread',
  ]
  const statuses = ['204', '304', '205', '404', '599']
  for (const path of [...paths, ...statuses.map(status => `empty/${status}`)]) {
    for (const method of ['GET', 'HEAD', 'PURGE', 'OPTIONS']) {
      const bytes = get(`/${path}`).replace('GET', method)
      await twins.same(t, twin => twin.answer(bytes), `${method} ${path}`)
    }
    await twins.same(t, twin => twin.answer(get(`/${path}`).replace('HTTP/1.1', 'HTTP/1.0')), `1.0 ${path}`)
  }
})

t.test('keep-alive, and HTTP/1.0', async t => {
  const scenes = {
    'kept, then closed': get('/plain/1', []) + get('/chunks', []) + get('/plain/3'),
    'the application closes': get('/plain/1', []) + get('/close', []) + get('/plain/3', []),
    'by its header': get('/plain/1', []) + get('/close-header', []) + get('/plain/3', []),
    'HTTP/1.0': get('/plain/1', []).replace('HTTP/1.1', 'HTTP/1.0'),
    'HTTP/1.0, kept': get('/plain/1', ['Connection: keep-alive']).replace('HTTP/1.1', 'HTTP/1.0') + get('/plain/2'),
    'HTTP/1.0, chunked': get('/chunks', ['Connection: keep-alive']).replace('HTTP/1.1', 'HTTP/1.0'),
    'a body that nobody reads': `${post('/unread', ['Content-Length: 4'])}body${get('/plain/2')}`,
  }
  for (const [what, bytes] of Object.entries(scenes)) await twins.same(t, twin => twin.answer(bytes), what)
})

t.test('trailers both ways', async t => {
  const body = `${chunk('hello ')}${chunk('world')}0\r\nX-Check: sum\r\nX-More: 1\r\n\r\n`
  const { outcome, said } = await twins.same(t, twin => twin.answer(post('/trailers', [...CLOSE, CHUNKED]) + body))
  t.match(outcome, /hello world\r\n0\r\nX-Length: 11\r\n\r\n$/)
  t.match(said.join(), /\["X-Check","sum","X-More","1"\],true/)
})

t.test('early hints and other informational responses', async t => {
  const { outcome } = await twins.same(t, twin => twin.answer(get('/hints')))
  t.match(outcome, /^HTTP\/1.1 102 [\s\S]*HTTP\/1.1 103 [\s\S]*HTTP\/1.1 100 [\s\S]*HTTP\/1.1 200 /)
})

t.test('pipelining: requests begin as they come, and answers keep their order', async t => {
  const { outcome, said } = await twins.same(t, async twin => {
    const raw = await send(twin, get('/hold/a', []) + get('/plain/2', []) + get('/hold/b', []) + get('/plain/4'))
    await twin.says(/^request GET \/plain\/4/)
    await twin.answer(get('/release/b'))
    await twin.answer(get('/release/a'))
    return plain(await raw.all())
  })
  t.match(outcome, /released a[\s\S]*plain \/plain\/2[\s\S]*released b[\s\S]*plain \/plain\/4/)
  t.match(said.slice(0, 4), [/hold\/a/, /plain\/2/, /hold\/b/, /plain\/4/])
})

t.test('streaming both ways, chunk by chunk', async t => {
  const { outcome } = await twins.same(t, async twin => {
    const raw = await send(twin, post('/echo', [...CLOSE, CHUNKED]))
    for (const word of ['one', 'two', 'three']) {
      raw.write(chunk(word))
      await raw.until(new RegExp(`${word}\r\n$`))
    }
    raw.write(END)
    return plain(await raw.all())
  })
  t.match(outcome, /3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n$/)
})

t.test('back-pressure: a client that does not read stops the application', async t => {
  const blocks = 512
  const { outcome, said } = await twins.same(t, async twin => {
    const raw = await twin.connect()
    raw.socket.pause()
    raw.write(get(`/flood/${blocks}`))
    await twin.says(/^full/)
    raw.socket.resume()
    return (await raw.all()).split('x'.repeat(64 * 1024)).length - 1
  })
  t.equal(outcome, blocks)
  t.match(said.join(), /full[\s\S]*finish true/)
})

t.test('back-pressure: an application that does not read stops the client', async t => {
  const size = 48 * MB
  const { outcome, said } = await twins.same(t, async twin => {
    const raw = await send(twin, post('/stall/up', [...CLOSE, `Content-Length: ${size}`]))
    raw.write('x'.repeat(size))
    await twin.says(/^stalled/)
    // So many turns of its event loop, in which it could have read on.
    for (let i = 0; i < 50; i++) await twin.answer(get('/plain'))
    await twin.answer(get('/read/up'))
    return plain(await raw.all())
  })
  t.match(outcome, new RegExp(`\r\n\r\n${size}$`))
  t.ok(said.includes('read little true'))
})

t.test('the client goes away', async t => {
  const scenes: Record<string, (twin: Twin) => Promise<void>> = {
    'while it waits': async twin => {
      const raw = await send(twin, get('/never'))
      await twin.says(/^arrived/)
      raw.socket.destroy()
    },
    'by a reset': async twin => {
      const raw = await send(twin, get('/never'))
      await twin.says(/^arrived/)
      raw.socket.resetAndDestroy()
    },
    'in the middle of its body': async twin => {
      const raw = await send(twin, `${post('/never', ['Content-Length: 10'])}half`)
      await twin.says(/^data 4/)
      raw.socket.destroy()
    },
    'in the middle of a chunked body': async twin => {
      const raw = await send(twin, post('/never', [CHUNKED]) + chunk('half'))
      await twin.says(/^data 4/)
      raw.socket.destroy()
    },
    'in the middle of the answer': async twin => {
      const raw = await send(twin, get('/begun'))
      await raw.until(/begun/)
      raw.socket.destroy()
    },
    'with pipelined requests under way': async twin => {
      const raw = await send(twin, get('/never', []) + get('/never', []))
      await twin.says(/^arrived/, 2)
      raw.socket.destroy()
    },
  }
  for (const [what, leave] of Object.entries(scenes)) {
    const scene = async (twin: Twin) => {
      await leave(twin)
      await twin.says(/^socket close/)
    }
    const { said } = await twins.same(t, scene, what)
    t.ok(said.includes('req close') || said.includes('res close false'), what)
  }
})

t.test('the application ends the connection by itself', async t => {
  for (const deed of ['res-destroy', 'res-destroy-late', 'req-destroy', 'socket-destroy', 'socket-end']) {
    await twins.same(
      t,
      async twin => {
        const raw = await send(twin, get(`/${deed}`))
        await twin.says(/^socket close/)
        return [plain(await raw.all()), await raw.ending]
      },
      deed,
    )
  }
})

t.test('time limits that the application sets', async t => {
  for (const deed of ['timeout', 'timeout-unheard']) {
    await twins.same(
      t,
      async twin => {
        const raw = await send(twin, get(`/${deed}`))
        await twin.says(/^socket close/)
        return plain(await raw.all())
      },
      deed,
    )
  }
})

t.test('a socket that is read by the client in its own time', async t => {
  await twins.same(t, async twin => {
    const raw = await send(twin, get('/plain/1', []))
    await raw.until(/plain \/plain\/1$/)
    raw.write(get('/plain/2'))
    await once(raw.socket, 'close')
    return plain(raw.text)
  })
})

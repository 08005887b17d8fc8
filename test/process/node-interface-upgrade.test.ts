import t from 'tap'
import { head, type Raw } from '../helpers/raw.js'
import { plain, startTwins, type Twin } from '../helpers/twins.js'

const WEBSOCKET = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const CLOSE = ['Connection: close']
const ANSWERED = /\r\n\r\n/

/** What asks to leave HTTP, and what the application is to do then. */
const upgrade = (deed: string) => head(`/${deed}`, [...WEBSOCKET, KEY])
const connect = (deed: string) => `CONNECT ${deed}:80 HTTP/1.1\r\nHost: ${deed}:80\r\n\r\n`

const twins = await startTwins(t, 'upgrades.js')

/** A connection that has asked to leave HTTP, and was answered. */
async function opened(twin: Twin, bytes: string): Promise<Raw> {
  const raw = await twin.connect()
  raw.write(bytes)
  await raw.until(ANSWERED)
  return raw
}

/** What is answered to an upgrade that is a plain request, and to the next one. */
async function answered(twin: Twin, deed: string): Promise<string> {
  const raw = await opened(twin, upgrade(deed))
  raw.write(head('/next', CLOSE))
  return plain(await raw.all())
}

t.test('an upgrade without a listener is a plain request', async t => {
  const { outcome } = await twins.same(t, twin => answered(twin, 'echo'))
  t.match(outcome, /plain \/echo[\s\S]*plain \/next/)
})

t.test('a listener that is added when the server listens already gets upgrades', async t => {
  const scene = async (twin: Twin) => [
    await twin.answer(head('/on/upgrade', CLOSE)),
    plain((await opened(twin, upgrade('echo'))).text),
    await twin.answer(head('/off/upgrade', CLOSE)),
    await answered(twin, 'echo'),
  ]
  const { outcome } = await twins.same(t, scene)
  t.match(outcome[1], /^HTTP\/1.1 101 [\s\S]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n\r\n$/)
  t.match(outcome[3], /plain \/echo/)
})

for (const [event, ask] of [
  ['upgrade', upgrade],
  ['connect', connect],
] as const) {
  t.test(`${event}: with a listener`, async t => {
    await twins.ask(`/on/${event}`)

    await t.test('data both ways, that which came with the head first; the client closes', async t => {
      const { outcome } = await twins.same(t, async twin => {
        const raw = await opened(twin, `${ask('echo')}early `)
        await raw.until(/early $/)
        raw.write('later ')
        await raw.until(/later $/)
        raw.write('last')
        await raw.until(/last$/)
        raw.socket.end()
        await twin.says(/^end/)
        raw.socket.destroy()
        await twin.says(/^close/)
        return plain(raw.text)
      })
      t.match(outcome, /\r\n\r\nearly later last$/)
    })

    await t.test('the client closes its side, and is sent more after that', async t => {
      const { outcome, said } = await twins.same(t, async twin => {
        const raw = await opened(twin, ask('late'))
        raw.socket.end()
        await twin.says(/^close/)
        return [plain(await raw.all()), await raw.ending]
      })
      t.match(outcome[0], /after the end$/)
      t.same(outcome[1], 'closed')
      t.match(said.join(), /end,close false/)
    })

    await t.test('the application closes first', async t => {
      const { outcome } = await twins.same(t, async twin => {
        const raw = await opened(twin, ask('first'))
        await twin.says(/^close/)
        return [plain(await raw.all()), await raw.ending]
      })
      t.match(outcome[0], /bye$/)
    })

    await t.test('the application answers 401 by itself, or destroys the connection', async t => {
      const refused = async (twin: Twin) => {
        const answer = await twin.answer(ask('refuse'))
        await twin.says(/^close/)
        return answer
      }
      t.match((await twins.same(t, refused)).outcome, /^HTTP\/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n$/)
      const destroyed = async (twin: Twin) => {
        const raw = await twin.connect()
        raw.write(ask('destroy'))
        await twin.says(/^close/)
        return [await raw.all(), await raw.ending]
      }
      t.same((await twins.same(t, destroyed)).outcome, ['', 'closed'])
    })

    await t.test('the client resets the connection', async t => {
      const { said } = await twins.same(t, async twin => {
        const raw = await opened(twin, ask('wait'))
        raw.socket.resetAndDestroy()
        await twin.says(/^close/)
      })
      t.match(said.join(), /error ECONNRESET,close true/)
    })

    await t.test('nothing is read before the application does', async t => {
      const { said } = await twins.same(t, async twin => {
        const raw = await twin.connect()
        raw.write(ask('ignore'))
        await twin.says(/^reading/)
      })
      t.match(said.join(), /reading/)
    })

    await t.test('behind a pipelined request', async t => {
      const { outcome } = await twins.same(t, async twin => {
        const raw = await twin.connect()
        raw.write(head('/pipelined') + ask('echo'))
        await raw.until(/plain \/pipelined[\s\S]*101 Switching[\s\S]*\r\n\r\n$/)
        raw.write('echo')
        await raw.until(/echo$/)
        raw.socket.destroy()
        await twin.says(/^close/)
        return plain(raw.text)
      })
      t.match(outcome, /plain \/pipelined/)
    })

    await t.test('behind a request that has no answer yet', async t => {
      await twins.same(t, async twin => {
        const raw = await twin.connect()
        raw.write(head('/slow') + ask('echo'))
        await raw.until(/101[\s\S]*slow|slow[\s\S]*101/)
        raw.write('echo')
        await raw.until(/echo$/)
        raw.socket.end()
        await twin.says(/^close/)
        return plain(raw.text)
      })
    })
    await twins.ask(`/off/${event}`)
  })
}

t.test('an upgrade with a body', async t => {
  await twins.ask('/on/upgrade')
  const { said } = await twins.same(t, async twin => {
    const raw = await twin.connect()
    raw.write(head('/echo', [...WEBSOCKET, KEY, 'Content-Length: 4']))
    await twin.says(/^upgrade/)
    raw.write('body')
    raw.write('data')
    await raw.until(/data$/)
    raw.socket.destroy()
    await twin.says(/^close/)
    return plain(raw.text)
  })
  t.match(said.join(), /upgrade/)
})

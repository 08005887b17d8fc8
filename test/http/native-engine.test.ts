import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { HttpEvents } from '../../lib/http/engine.js'
import type { Answer, Exchange } from '../../lib/http/exchange.js'
import { POLICY } from '../gateway/serve.js'
import { NativeHost, NativeSocketHost } from '../gateway/socket-host.js'
import { atEnd } from '../helpers/at-end.js'
import { head } from '../helpers/raw.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

// What the native engine promises beyond what every engine owes, on both of its transports, over TCP and unix sockets.

const TRANSPORTS = { handles: NativeHost, sockets: NativeSocketHost }
const MB = 1 << 20

/** An engine whose requests `serve` answers, with what it has reported. */
class Scene {
  readonly host: NativeHost | NativeSocketHost
  readonly exchanges: Exchange[] = []
  readonly errors: unknown[] = []
  finished = 0
  gone = 0
  onGone: () => void = () => {}
  readonly #test: Test
  readonly #path: string | undefined

  constructor(t: Test, Host: typeof NativeHost, serve: (exchange: Exchange) => void, path?: string) {
    this.#test = t
    this.#path = path
    const events: HttpEvents = {
      request: exchange => {
        this.exchanges.push(exchange)
        serve(exchange)
      },
      finished: () => void this.finished++,
      upgraded: () => {},
      disconnected: () => {
        this.gone++
        this.onGone()
      },
      refused: () => {},
      failed: error => void this.errors.push(error),
    }
    this.host = new Host(POLICY, events, path)
    this.host.open()
    atEnd(t, () => this.host.close())
  }

  async dial(): Promise<Socket> {
    const socket = connect(
      this.#path === undefined ? { port: this.host.port, host: '127.0.0.1' } : { path: this.#path },
    )
    atEnd(this.#test, () => socket.destroy())
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
}

function begin(answer: Answer, length: number, size = length): void {
  const fields = length < 0 ? [] : ['Content-Length', String(length)]
  answer.begin({ status: { code: 200, reason: 'OK' }, fields, contentLength: length, ascii: true }, size)
}

const ok = ({ answer }: Exchange): void => {
  begin(answer, 2)
  answer.end('ok')
}

for (const [name, Host] of Object.entries(TRANSPORTS)) {
  t.test(`${name}: clients that pipeline and never read cost a bounded amount`, async t => {
    const page = Buffer.alloc(16 * 1024, 'x')
    const scene = new Scene(t, Host, ({ answer }) => {
      begin(answer, page.length)
      answer.end(page)
    })
    const clients = await Promise.all(Array.from({ length: 100 }, () => scene.dial()))
    const before = process.memoryUsage().rss
    const many = Buffer.from(head('/').repeat(2000))
    for (const client of clients) {
      client.pause()
      client.write(many)
    }
    let last = -1
    await until('no more is served', () => {
      const still = last === scene.exchanges.length
      last = scene.exchanges.length
      return still && last > 100
    })
    const unsent = scene.host.sockets.map(({ writableLength }) => writableLength)
    t.ok(Math.max(...unsent) <= 128 * 1024, `${Math.max(...unsent)} bytes wait`)
    t.ok(process.memoryUsage().rss - before < 100 * MB, `${(process.memoryUsage().rss - before) / MB} MB more`)
  })

  t.test(`${name}: a thousand of them, and others are served`, async t => {
    const page = Buffer.alloc(16 * 1024, 'x')
    const serve = ({ answer }: Exchange): void => {
      begin(answer, page.length)
      answer.end(page)
    }
    // Over a unix socket, whose buffers in the kernel are small.
    const scene = new Scene(t, Host, serve, join(shortDir(t), 's'))
    const before = process.memoryUsage().rss
    const many = Buffer.from(head('/').repeat(2000))
    for (let clients = 0; clients < 1000; clients += 20) {
      for (const client of await Promise.all(Array.from({ length: 20 }, () => scene.dial()))) {
        client.pause()
        client.write(many)
      }
      await until('they are accepted', () => scene.host.sockets.length === clients + 20)
    }
    let last = -1
    await until('no more is served', () => {
      const still = last === scene.exchanges.length
      last = scene.exchanges.length
      return still && last > 1000
    })
    const other = await scene.dial()
    other.end(head('/', ['Connection: close']))
    let size = 0
    for await (const piece of other) size += piece.length
    t.ok(size > page.length, 'another client is served')
    t.equal(scene.host.engine.connections, 1000, 'none of them was cut')
    const more = (process.memoryUsage().rss - before) / MB
    t.ok(more < 400, `${more} MB more`)
  })

  for (const kind of ['tcp', 'unix']) {
    t.test(`${name}, ${kind}: a client that vanishes in any state`, async t => {
      const path = kind === 'unix' ? join(shortDir(t), 's') : undefined
      const chunks = ({ answer }: Exchange): void => {
        begin(answer, -1, -1)
        answer.write('x'.repeat(1000))
      }
      let paths = 0
      const states: Record<string, [bytes: string, serve: (exchange: Exchange) => void]> = {
        'before anything': ['', ok],
        'within a head': ['GET / HT', ok],
        'within a body that is read': [
          `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe`,
          ({ body }) => void body.next(),
        ],
        'while the application works': [head('/'), () => {}],
        'within an answer': [head('/'), chunks],
        'between two requests': [head('/'), ok],
        'behind a refusal': ['BAD\r\n\r\n', ok],
        'behind the last answer': [`${head('/', ['Connection: close'])}more`, ok],
      }
      for (const [what, [bytes, serve]] of Object.entries(states)) {
        for (const way of ['resetAndDestroy', 'destroy'] as const) {
          const scene = new Scene(t, Host, serve, path && `${path}${paths++}`)
          const client = await scene.dial()
          client.write(bytes)
          await until('it was read', () => scene.host.sockets[0]?.bytesRead === bytes.length)
          if (kind === 'unix') client.destroy()
          else client[way]()
          await until(`the server knows: ${what}, ${way}`, () => scene.gone === 1)
          t.same([scene.finished, scene.errors], [scene.exchanges.length, []], what)
        }
      }
    })

    t.test(`${name}, ${kind}: what comes byte by byte is what comes at once`, async t => {
      const path = kind === 'unix' ? join(shortDir(t), 's') : undefined
      const read = async ({ body, answer }: Exchange): Promise<void> => {
        let size = 0
        for (let chunk = await body.next(); chunk; chunk = await body.next()) size += chunk.length
        begin(answer, 1)
        answer.end(String(size))
      }
      const scene = new Scene(t, Host, exchange => void read(exchange), path)
      const client = await scene.dial()
      client.setNoDelay(true).setEncoding('latin1')
      let text = ''
      client.on('data', (piece: string) => {
        text += piece
      })
      const fields = ['Transfer-Encoding: chunked', 'X-Long: '.padEnd(200, 'x')]
      const request = `${head('/', fields).replace('GET', 'POST')}3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: r\r\n\r\n`
      for (const byte of request + head('/', ['Connection: close'])) client.write(byte)
      await once(client, 'close')
      t.same(text.match(/(?<=\r\n\r\n)\d/g), ['5', '0'])
    })
  }

  t.test(`${name}: each request has an async context of its own`, async t => {
    const store = new AsyncLocalStorage<string>()
    const seen: (string | undefined)[] = []
    const scene = new Scene(t, Host, exchange => {
      seen.push(store.getStore())
      store.enterWith(exchange.head.url)
      if (exchange.head.url === '/late') setImmediate(() => ok(exchange))
      else ok(exchange)
    })
    const client = await scene.dial()
    client.write(head('/1') + head('/late') + head('/2'))
    await until('three are answered', () => scene.finished === 3)
    client.write(head('/3'))
    await until('another one is', () => scene.finished === 4)
    t.same(seen, [undefined, undefined, undefined, undefined])
  })

  t.test(`${name}: channels tell of each request`, async t => {
    const told: string[] = []
    const listen = (exchange: unknown, channel: string | symbol): void => {
      told.push(`${String(channel)} ${(exchange as Exchange).head.url}`)
    }
    const channels = ['unicorn.request.start', 'unicorn.request.finish']
    for (const channel of channels) subscribe(channel, listen)
    atEnd(t, () => {
      for (const channel of channels) unsubscribe(channel, listen)
    })
    const scene = new Scene(t, Host, ok)
    const client = await scene.dial()
    client.write(head('/a'))
    await until('it is answered', () => scene.finished === 1)
    t.same(told, ['unicorn.request.start /a', 'unicorn.request.finish /a'])
  })

  t.test(`${name}: a failure in what the kernel reports ends one connection, not the server`, async t => {
    const scene = new Scene(t, Host, ok)
    const [bad, good] = [await scene.dial(), await scene.dial()]
    await until('both are there', () => scene.host.engine.connections === 2)
    scene.onGone = () => {
      throw new Error('of the worker')
    }
    bad.destroy()
    await until('it is told', () => scene.errors.length === 1)
    scene.onGone = () => {}
    t.match(scene.errors, [/of the worker/])
    good.write(head('/good'))
    await until('the other one is served', () => scene.finished === 1)
    t.equal(scene.host.engine.connections, 1)
  })
}

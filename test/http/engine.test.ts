import t, { type Test } from 'tap'
import type { HttpEvents } from '../../lib/http/engine.js'
import type { Answer, Exchange } from '../../lib/http/exchange.js'
import type { HttpPolicy } from '../../lib/http/policy.js'
import { MemoryHost } from '../gateway/memory/host.js'
import { type Client, POLICY } from '../gateway/serve.js'
import { NativeHost, NativeSocketHost, NodeHost } from '../gateway/socket-host.js'
import { atEnd } from '../helpers/at-end.js'
import { head, Raw } from '../helpers/raw.js'
import { until } from '../helpers/until.js'

/** What every engine owes the worker. */
const engines = { 'node:http': NodeHost, native: NativeHost, 'native on sockets': NativeSocketHost, memory: MemoryHost }
type AnyHost = (typeof engines)[keyof typeof engines]

/** An engine whose requests the test answers, with what it has reported. */
class Scene {
  readonly host: InstanceType<AnyHost>
  readonly exchanges: Exchange[] = []
  readonly reports: string[] = []
  readonly #test: Test

  constructor(t: Test, Host: AnyHost, policy: Partial<HttpPolicy> = {}) {
    this.#test = t
    this.host = new Host({ ...POLICY, ...policy }, this.#events(), undefined)
    this.host.open()
    atEnd(t, () => this.host.close())
  }

  #events(): HttpEvents {
    const note = (report: string): void => void this.reports.push(report)
    return {
      request: exchange => {
        this.exchanges.push(exchange)
        note(`request ${exchange.head.path}`)
      },
      finished: ({ head, answer }) => note(`finished ${head.path} ${answer.finished ? answer.statusCode : 'aborted'}`),
      upgraded: () => note('upgraded'),
      disconnected: () => note('disconnected'),
      refused: ({ status }) => note(`refused ${status}`),
      failed: error => note(`failed ${error}`),
    }
  }

  async connect(bytes: string): Promise<Client> {
    const end = await this.host.dial()
    atEnd(this.#test, () => end.destroy())
    const client = new Raw(end)
    client.write(bytes)
    return client
  }

  /** Waits until the engine has made these reports, and no others. */
  async reported(...reports: readonly string[]): Promise<void> {
    await until(`${reports.length} reports`, () => this.reports.length >= reports.length)
    this.#test.same(this.reports.splice(0), reports)
  }
}

function respond(answer: Answer | undefined): void {
  const fields = ['Content-Length', '2']
  answer?.begin({ status: { code: 200, reason: 'OK' }, fields, contentLength: 2, ascii: true }, 2)
  answer?.end('ok')
}

for (const [name, Host] of Object.entries(engines)) {
  t.test(name, async t => {
    await t.test('each request is reported, and its end once', async t => {
      const scene = new Scene(t, Host)
      const client = await scene.connect(head('/1') + head('/2'))
      await until('the first one is there', () => scene.exchanges.length > 0)
      t.equal(scene.host.engine.connections, 1)
      t.same([...scene.host.engine.exchanges], scene.exchanges, 'those under way, oldest first')
      respond(scene.exchanges[0]?.answer)
      // The second one is reported when it was read, or when it has its turn.
      await until('it has ended, and the second one is there', () => scene.reports.length === 3)
      t.same(scene.reports.splice(0).sort(), ['finished /1 200', 'request /1', 'request /2'])
      t.equal(scene.host.engine.exchanges.size, 1)
      client.socket.destroy()
      await scene.reported('finished /2 aborted', 'disconnected')
      t.equal(scene.host.engine.connections, 0)
    })

    await t.test('what is no request, or is beyond the limits, is answered by the engine', async t => {
      const scene = new Scene(t, Host, { limitRequestLine: 30 })
      const refusals: Record<string, number> = {
        'no request\r\n\r\n': 400,
        'GET / HTTP/1.1\r\n\r\n': 400,
        [head(`/${'x'.repeat(30)}`)]: 414,
        [head('/', ['Expect: the unexpected'])]: 417,
      }
      for (const [bytes, status] of Object.entries(refusals)) {
        const client = await scene.connect(bytes)
        t.match(await client.all(), new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*Connection: close\\r\\n`))
        await scene.reported(`refused ${status}`, 'disconnected')
      }
    })

    await t.test('an answer in place of the application', async t => {
      const scene = new Scene(t, Host)
      const client = await scene.connect(head('/'))
      await scene.reported('request /')
      const answer = scene.exchanges[0]?.answer
      answer?.refuse(504)
      t.same([answer?.headSent, answer?.ended, answer?.statusCode], [true, true, 504])
      respond(answer)
      t.match(await client.all(), /^HTTP\/1.1 504 Gateway Timeout\r\n[\s\S]*\r\n\r\nGateway Timeout$/)
      await scene.reported('finished / 504', 'disconnected')
    })

    await t.test('a drain: last responses, and connections that wait', async t => {
      const scene = new Scene(t, Host)
      const { engine } = scene.host
      const served = await scene.connect(head('/served'))
      await scene.reported('request /served')
      respond(scene.exchanges[0]?.answer)
      await served.until(/keep-alive[\s\S]*ok$/)
      await scene.reported('finished /served 200')
      const running = await scene.connect(head('/running'))
      await scene.reported('request /running')
      const silent = await scene.connect('')
      await until('all are there', () => engine.connections === 3)
      engine.lastResponses()
      engine.closeIdle()
      t.equal(await served.ending, 'closed')
      await scene.reported('disconnected')
      engine.closeQuiet(60_000)
      t.equal(engine.connections, 2, 'not for so long')
      engine.closeQuiet(0)
      t.equal(await silent.ending, 'closed')
      await scene.reported('disconnected')
      respond(scene.exchanges[1]?.answer)
      t.match(await running.all(), /Connection: close\r\n[\s\S]*ok$/)
      await scene.reported('finished /running 200', 'disconnected')
    })

    await t.test('one connection that was served before is let go, with its next response', async t => {
      const scene = new Scene(t, Host)
      const clients: Client[] = []
      const turn = async (path: string, client?: Client): Promise<Client> => {
        const before = client?.text.length ?? 0
        if (client) client.write(head(path))
        const asked = client ?? (await scene.connect(head(path)))
        await scene.reported(`request ${path}`)
        respond(scene.exchanges.at(-1)?.answer)
        await asked.until(new RegExp(`^[\\s\\S]{${before}}HTTP/1.1 200 [\\s\\S]*ok$`))
        return asked
      }
      for (const path of ['/1', '/2']) {
        clients.push(await turn(path))
        await scene.reported(`finished ${path} 200`)
      }
      scene.host.engine.letOneGo()
      clients.push(await turn('/3'))
      await scene.reported('finished /3 200')
      t.equal(scene.host.engine.connections, 3, 'a first response is none')
      await turn('/4', clients[1])
      t.match(await clients[1]?.all(), /keep-alive[\s\S]*Connection: close\r\n[\s\S]*ok$/)
      await scene.reported('finished /4 200', 'disconnected')
      for (const client of [clients[0], clients[2]]) {
        await turn('/5', client)
        await scene.reported('finished /5 200')
        t.notMatch(client?.text, /Connection: close/)
      }
    })

    await t.test('the end of the engine cuts what is under way', async t => {
      const scene = new Scene(t, Host)
      const client = await scene.connect(head('/'))
      await scene.reported('request /')
      scene.host.engine.destroy()
      t.equal(await client.all(), '')
      await scene.reported('finished / aborted', 'disconnected')
    })
  })
}

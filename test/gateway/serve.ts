import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { ServerApp } from '../../lib/application/script/server-app.js'
import { createGateway, type Gateway, type GatewayContext, type InterfaceName } from '../../lib/gateway/gateway.js'
import { createExchange, type Exchange } from '../../lib/http/exchange.js'
import type { Logger, LogMethod } from '../../lib/logging/log.js'
import { connectRaw, type Raw } from '../helpers/raw.js'
import { until } from '../helpers/until.js'

export interface Entry {
  readonly level: keyof Logger
  readonly message: string
  readonly facts: Record<string, unknown>
}

/** A log that keeps what it is told. */
export class MemoryLog implements Logger {
  readonly entries: Entry[] = []

  readonly debug = this.#method('debug')
  readonly info = this.#method('info')
  readonly warn = this.#method('warn')
  readonly error = this.#method('error')
  readonly fatal = this.#method('fatal')

  /** The messages of the errors that were logged, with those of their `err`. */
  get errors(): string[] {
    return this.entries
      .filter(entry => entry.level === 'error')
      .map(({ message, facts: { err } }) =>
        err instanceof Error && err.message !== message ? `${message}: ${err.message}` : message,
      )
  }

  #method(level: keyof Logger): LogMethod {
    return (facts: object | string, message: string = '') => {
      if (typeof facts === 'string') this.entries.push({ level, message: facts, facts: {} })
      else this.entries.push({ level, message, facts: { ...facts } })
    }
  }
}

export interface Options extends Partial<Omit<GatewayContext, 'log'>> {
  readonly interface?: InterfaceName
  /** Runs before the gateway, as an engine does that sets headers. */
  readonly before?: (req: IncomingMessage, res: ServerResponse) => void
  readonly socketPath?: string
}

/** A gateway behind a real `node:http` server. */
export class Served {
  readonly log = new MemoryLog()
  readonly exchanges: Exchange[] = []
  readonly sockets: Socket[] = []
  readonly server: Server
  readonly #test: Test
  readonly #ready: Promise<Gateway>
  #gateway: Gateway | undefined
  #path: string | undefined

  constructor(t: Test, application: unknown, options: Options) {
    const { interface: name = 'wsgi', before, socketPath, ...context } = options
    const app = { value: application, file: '/app.js', exportName: 'application', spec: 'app:application' }
    this.#ready = createGateway(app, name, { ...gatewayContext(this.log), ...context })
    const serve = (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void => {
      before?.(req, res)
      const exchange: Exchange = createExchange(req, res, expectsContinue)
      this.exchanges.push(exchange)
      this.#gateway?.handle(exchange)
    }
    this.#test = t
    this.#path = socketPath
    this.server = createServer((req, res) => serve(req, res, false))
    this.server.on('checkContinue', (req, res) => serve(req, res, true))
    this.server.on('connection', socket => this.sockets.push(socket))
    t.teardown(() => {
      this.server.closeAllConnections()
      this.server.close()
    })
  }

  async listen(): Promise<this> {
    this.#gateway = await this.#ready
    if (this.#path === undefined) this.server.listen(0, '127.0.0.1')
    else this.server.listen(this.#path)
    await once(this.server, 'listening')
    return this
  }

  get port(): number {
    const address = this.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  connect(): Promise<Raw> {
    return connectRaw(
      this.#test,
      this.#path === undefined ? { host: '127.0.0.1', port: this.port } : { socketPath: this.#path },
    )
  }

  /** Sends the bytes of one request on a connection of its own and returns all that came, until the server closed. */
  async exchange(request: string): Promise<string> {
    const client = await this.connect()
    client.write(Buffer.from(request, 'latin1'))
    return client.all()
  }

  /** Ends the application, as a worker does after its last response. */
  async close(): Promise<void> {
    await this.#gateway?.close?.()
  }

  /** Waits until an error with these words is in the log. */
  async logged(pattern: RegExp): Promise<void> {
    await until(`an error ${pattern} in the log, which has: ${this.log.errors.join(' | ')}`, () =>
      this.log.errors.some(message => pattern.test(message)),
    )
  }
}

export function gatewayContext(log: Logger): GatewayContext {
  const address = { address: '127.0.0.1', port: 8000, family: 'IPv4' }
  return {
    log,
    multithread: true,
    multiprocess: false,
    serverSoftware: 'unicorn/test',
    serverApp: server => new ServerApp(server, { address, closed: () => false }),
  }
}

export function serve(t: Test, application: unknown, options: Options = {}): Promise<Served> {
  return new Served(t, application, options).listen()
}

/** The bytes of a request whose connection closes after it. */
export function request(method = 'GET', fields: readonly string[] = [], body = ''): string {
  return `${[`${method} / HTTP/1.1`, 'Host: test', 'Connection: close', ...fields].join('\r\n')}\r\n\r\n${body}`
}

/** A response without the lines that `node:http` adds to each one, which differ from run to run. */
export function plain(text: string): string {
  return text.replace(/^(Date|Connection|Keep-Alive): .*\r\n/gm, '')
}

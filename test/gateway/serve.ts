import type { Test } from 'tap'
import type { Interface } from '../../config/interfaces.js'
import { detect } from '../../lib/application/detect.js'
import { createFetchGateway } from '../../lib/gateway/fetch/fetch-gateway.js'
import type { Background, Gateway } from '../../lib/gateway/gateway.js'
import { NodeGateway } from '../../lib/gateway/node/node-gateway.js'
import { createWsgiGateway } from '../../lib/gateway/wsgi/wsgi-gateway.js'
import type { HttpEvents, Requests } from '../../lib/http/engine.js'
import type { Exchange } from '../../lib/http/exchange.js'
import type { HttpPolicy } from '../../lib/http/policy.js'
import type { Logger, LogMethod } from '../../lib/logging/log.js'
import { atEnd } from '../helpers/at-end.js'
import { Raw } from '../helpers/raw.js'
import { until } from '../helpers/until.js'
import type { ClientEnd, Host, ServerEnd } from './host.js'
import { MemoryHost } from './memory/host.js'
import { NativeHost, NativeSocketHost, NodeHost } from './socket-host.js'

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

export interface Options extends Partial<HttpPolicy> {
  readonly interface?: 'auto' | Interface
  /** Runs before the gateway, as a hook does. */
  readonly before?: (exchange: Exchange) => void
  readonly socketPath?: string
  /** Answers leave in the background, as in a sync worker. */
  readonly background?: Background
  readonly rootPath?: string
  readonly forwardedSocket?: boolean
  readonly mapsUnderscores?: boolean
}

/**
 * The argument of a test file names the engine that it runs on. (tap makes the argument a part of the names of its test
 * directories, so two runs of one file do not meet.)
 */
const ENGINES = { node: NodeHost, native: NativeHost, 'native-sockets': NativeSocketHost, memory: MemoryHost }
export const engine = engineIn(process.argv[2] ?? 'node')

function engineIn(argument: string): keyof typeof ENGINES {
  for (const name of ['native', 'native-sockets', 'memory'] as const) if (argument === name) return name
  return 'node'
}

/** Without limits on sizes; 0 means none. */
export const POLICY: HttpPolicy = {
  keepAlive: 60_000,
  headerTimeout: 60_000,
  limitRequestLine: 0,
  limitRequestFields: 0,
  limitRequestFieldSize: 0,
  limitRequestBody: 0,
}

/** A client of the server, with every byte that came. */
export type Client = Raw<ClientEnd>

/** A gateway behind an engine. */
export class Served {
  readonly log = new MemoryLog()
  readonly exchanges: Exchange[] = []
  readonly #test: Test
  readonly #host: Host
  readonly #gateway: Gateway

  constructor(t: Test, gateway: (log: Logger) => Gateway, { before, socketPath, ...policy }: Options) {
    this.#test = t
    this.#gateway = gateway(this.log)
    const serve = (exchange: Exchange): void => {
      this.exchanges.push(exchange)
      before?.(exchange)
      this.#gateway.handle(exchange)
    }
    this.#host = new ENGINES[engine]({ ...POLICY, ...policy }, events(serve), socketPath)
    atEnd(t, () => this.#host.close())
    this.#host.open()
  }

  /** The server's ends of the connections. */
  get sockets(): readonly ServerEnd[] {
    return this.#host.sockets
  }

  /** Those under way. */
  get requests(): Requests {
    return this.#host.engine.exchanges
  }

  get port(): number {
    return this.#host.port
  }

  /** A connection without anything around it. It ends with the test at the latest. */
  async dial(): Promise<ClientEnd> {
    const end = await this.#host.dial()
    atEnd(this.#test, () => end.destroy())
    return end
  }

  async connect(): Promise<Client> {
    return new Raw(await this.dial())
  }

  /** Sends the bytes of one request on a connection of its own and returns all that came, until the server closed. */
  async exchange(request: string): Promise<string> {
    const client = await this.connect()
    client.write(Buffer.from(request, 'latin1'))
    return client.all()
  }

  /** Waits until the server has read what the client has sent on its connection, the `index`th of all. */
  async hasRead({ socket }: Client, index = 0): Promise<void> {
    await until('the server has read all', () => {
      return socket.bytesWritten > 0 && this.sockets[index]?.bytesRead === socket.bytesWritten
    })
  }

  /** Waits for what goes on behind the responses, as a worker does after its last one. */
  async settled(): Promise<void> {
    await this.#gateway.settled?.()
  }

  /** Waits until an error with these words is in the log. */
  async logged(pattern: RegExp): Promise<void> {
    await until(`an error ${pattern} in the log, which has: ${this.log.errors.join(' | ')}`, () =>
      this.log.errors.some(message => pattern.test(message)),
    )
  }
}

function events(serve: (exchange: Exchange) => void): HttpEvents {
  const ignore = (): void => {}
  return { request: serve, finished: ignore, upgraded: ignore, disconnected: ignore, refused: ignore, failed: ignore }
}

/** The gateway of an export, chosen as a worker chooses it. */
export async function gatewayFor(
  value: unknown,
  name: 'auto' | Interface,
  options: Pick<Options, 'background' | 'rootPath' | 'forwardedSocket' | 'mapsUnderscores'> = {},
): Promise<(log: Logger) => Gateway> {
  const app = { value, file: '/srv/app.js', exportName: 'application', spec: 'app:application' }
  const callable = await detect(app, name)
  const context = { multithread: true, multiprocess: false, serverSoftware: 'unicorn/test', ...options }
  return log => {
    if (callable.interface === 'fetch') return createFetchGateway(callable.application, { ...context, log })
    if (callable.interface === 'wsgi') return createWsgiGateway(callable, { ...context, log })
    return new NodeGateway(callable.target, { ...context, log })
  }
}

export async function serve(t: Test, application: unknown, options: Options = {}): Promise<Served> {
  const { interface: name = 'wsgi', background, rootPath, mapsUnderscores, ...others } = options
  const context = {
    background,
    ...(rootPath && { rootPath }),
    ...(others.forwardedSocket && { forwardedSocket: true }),
    ...(mapsUnderscores && { mapsUnderscores }),
  }
  return new Served(t, await gatewayFor(application, name, context), others)
}

/**
 * A test of what only the engine on `node:http` has. With another engine there is no such test.
 * @param why  what the test needs of it
 */
export function nodeTest(t: Test, name: string, _why: string, run: (t: Test) => Promise<void>): void {
  if (engine === 'node') t.test(name, run)
}

/** A test of limits of time, and of clients that vanish, which the engine in memory does not have. */
export function socketTest(t: Test, name: string, run: (t: Test) => Promise<void>): void {
  if (engine !== 'memory') t.test(name, run)
}

/** The bytes of a request whose connection closes after it. */
export function request(method = 'GET', fields: readonly string[] = [], body = ''): string {
  return `${[`${method} / HTTP/1.1`, 'Host: test', 'Connection: close', ...fields].join('\r\n')}\r\n\r\n${body}`
}

/** A response without the lines that `node:http` adds to each one, which differ from run to run. */
export function plain(text: string): string {
  return text.replace(/^(Date|Connection|Keep-Alive): .*\r\n/gm, '')
}

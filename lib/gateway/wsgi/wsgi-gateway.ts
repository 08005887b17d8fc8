import { textOf } from '../../errors.js'
import type { Exchange } from '../../http/exchange.js'
import type { Logger } from '../../logging/log.js'
import type { Gateway, GatewayContext } from '../gateway.js'
import type { ErrorsStream } from './types.js'
import { WsgiCall, type WsgiCalls } from './wsgi-call.js'

/** @param target  the application, and whether its interface was guessed */
export function createWsgiGateway(
  target: Pick<WsgiCalls, 'application' | 'guessed'>,
  context: GatewayContext,
): Gateway {
  const { log, background, ...around } = context
  const shared: WsgiCalls = { ...target, log, background, around: { ...around, errors: new LogErrors(log) } }
  const run = (exchange: Exchange): void => new WsgiCall(exchange, shared).run()
  return { interface: 'wsgi', handle: exchange => exchange.inTurn(run) }
}

/** `wsgi.errors` on top of the error log: nothing is held back, so there is nothing to flush. */
class LogErrors implements ErrorsStream {
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  write(text: string): void {
    for (const line of textOf(text).split('\n')) {
      if (line.trim() !== '') this.#log.error({ origin: 'wsgi.errors' }, line)
    }
  }

  writelines(lines: Iterable<string>): void {
    for (const line of lines) this.write(line)
  }

  flush(): void {}

  /** An object of its own in JSON, so that an environ can be logged. */
  toJSON(): string {
    return '[wsgi.errors]'
  }
}

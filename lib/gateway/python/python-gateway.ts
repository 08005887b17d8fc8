import type { Exchange } from '../../http/exchange.js'
import type { Refusal } from '../../http/refusal.js'
import type { Gateway } from '../gateway.js'
import { textOf, variablesOf } from './environ-text.js'
import type { Proxies } from './proxies.js'
import { PythonCall, type PythonCalls } from './python-call.js'
import { scopeText } from './scope-text.js'

const CONTRADICTION: Refusal = { status: 400, why: 'contradicting scheme headers' }

/** What the gateways of Python need of their worker. */
export type PythonWorker = Omit<PythonCalls, 'describe' | 'streamsBodies'> & {
  /** Those whose word of their clients counts. */
  readonly proxies: Proxies
}

/** Lets Python answer by WSGI: each request goes to a process that has time for it. */
export function createPythonGateway(worker: PythonWorker): Gateway {
  const describe = (exchange: Exchange, size: number | undefined): string => {
    const variables = variablesOf(exchange, size, worker.proxies)
    exchange.environ = variables
    return textOf(variables)
  }
  return { interface: 'python', handle: handler({ ...worker, describe, streamsBodies: false }, worker.proxies) }
}

/** Lets Python answer by ASGI: a process runs many requests at once. */
export function createAsgiGateway(worker: PythonWorker): Gateway {
  const describe = (exchange: Exchange, size?: number): string => scopeText(exchange, worker.proxies, size)
  return { interface: 'asgi', handle: handler({ ...worker, describe, streamsBodies: true }, worker.proxies) }
}

function handler(calls: PythonCalls, proxies: Proxies): Gateway['handle'] {
  const run = (exchange: Exchange): void => {
    if (!proxies.contradict(exchange.head, exchange.peer)) return new PythonCall(exchange, calls).run()
    exchange.refusal = CONTRADICTION
    exchange.answer.refuse(CONTRADICTION.status)
  }
  return exchange => exchange.inTurn(run)
}

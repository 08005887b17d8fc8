import type { Exchange } from '../../http/exchange.js'
import type { Gateway } from '../gateway.js'
import { textOf, variablesOf } from './environ-text.js'
import { PythonCall, type PythonCalls } from './python-call.js'
import { scopeText } from './scope-text.js'

/** What the gateways of Python need of their worker. */
export type PythonWorker = Omit<PythonCalls, 'describe' | 'streamsBodies'> & {
  /** Whether header fields with an underscore in their name are in the environ. */
  readonly mapsUnderscores: boolean
}

/** Lets Python answer by WSGI: each request goes to a process that has time for it. */
export function createPythonGateway(worker: PythonWorker): Gateway {
  const describe = (exchange: Exchange, size: number | undefined): string => {
    const variables = variablesOf(exchange, size, worker.mapsUnderscores)
    exchange.environ = variables
    return textOf(variables)
  }
  return { interface: 'python', handle: handler({ ...worker, describe, streamsBodies: false }) }
}

/** Lets Python answer by ASGI: a process runs many requests at once. */
export function createAsgiGateway(worker: PythonWorker): Gateway {
  const describe = (exchange: Exchange, size?: number): string => scopeText(exchange, size)
  return { interface: 'asgi', handle: handler({ ...worker, describe, streamsBodies: true }) }
}

function handler(calls: PythonCalls): Gateway['handle'] {
  const run = (exchange: Exchange): void => new PythonCall(exchange, calls).run()
  return exchange => exchange.inTurn(run)
}

import type { Exchange } from '../../http/exchange.js'
import type { Gateway } from '../gateway.js'
import { PythonCall, type PythonCalls } from './python-call.js'

/** Lets Python answer: each request goes to a process that has time for it. */
export function createPythonGateway(calls: PythonCalls): Gateway {
  const run = (exchange: Exchange): void => new PythonCall(exchange, calls).run()
  return { interface: 'python', handle: exchange => exchange.inTurn(run) }
}

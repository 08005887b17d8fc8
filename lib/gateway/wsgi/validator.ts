import { isThenable } from '../wire/body.js'
import { isChunk } from '../wire/chunk.js'
import type { Application, StartResponse, Write, WsgiBody } from './types.js'
import { demand, show } from './validator/breach.js'
import { CheckedBody, Ledger } from './validator/checked-body.js'
import { CheckedInput, checkedErrors } from './validator/checked-services.js'
import { checkEnviron } from './validator/environ-rules.js'
import { checkHead } from './validator/head-rules.js'

/**
 * Wraps an application so that every breach of the contract, by the application or the server, throws an AssertionError
 * that names it. For development and tests; in the spirit of Python's `wsgiref.validate`.
 */
export function validator(application: Application): Application {
  demand(typeof application === 'function', `the application is ${show(application)}, wanted a function`)
  return (...call) => {
    demand(
      call.length === 2,
      `the application is called with ${call.length} arguments, wanted environ and startResponse`,
    )
    const [environ, startResponse] = call
    checkEnviron(environ)
    demand(typeof startResponse === 'function', `startResponse is ${show(startResponse)}, wanted a function`)
    const ledger = new Ledger(environ.REQUEST_METHOD)
    // In the environ itself: middleware may have put in more than a copy would keep.
    environ['wsgi.input'] = new CheckedInput(environ['wsgi.input'], () => ledger.ended)
    environ['wsgi.errors'] = checkedErrors(environ['wsgi.errors'])
    const returned: unknown = application(environ, checkedStart(startResponse, ledger))
    return isThenable(returned) ? returned.then(body => checkedBody(body, ledger)) : checkedBody(returned, ledger)
  }
}

function checkedStart(startResponse: StartResponse, ledger: Ledger): StartResponse {
  return (...args) => {
    demand(args.length === 2 || args.length === 3, `startResponse is called with ${args.length} arguments`)
    const [status, headers, excInfo] = args
    const again = excInfo !== undefined && excInfo !== null
    demand(ledger.head === undefined || again, 'startResponse is called twice, without the error that allows it')
    demand(!ledger.ended, 'startResponse is called after the response had ended')
    ledger.head = checkHead(status, headers)
    const write: Write = startResponse(...args)
    demand(typeof write === 'function', `startResponse returned ${show(write)}, wanted the function write`)
    return (...chunks) => {
      demand(chunks.length === 1, `write() is called with ${chunks.length} arguments`)
      demand(!ledger.ended, 'write() is called after the response had ended')
      write(ledger.take(chunks[0], 'write() was given'))
    }
  }
}

/** Checks a body. One that is known at once stays an array, so that the server adds its Content-Length. */
function checkedBody(body: unknown, ledger: Ledger): WsgiBody {
  if (isChunk(body)) return known([body], ledger)
  demand(typeof body === 'object' && body !== null, `the application returned ${show(body)}, wanted an iterable`)
  if (Array.isArray(body) && !('close' in body)) return known(body, ledger)
  return new CheckedBody(body, ledger)
}

function known(chunks: readonly unknown[], ledger: Ledger): WsgiBody {
  const checked = chunks.map(chunk => ledger.take(chunk, 'the body has'))
  ledger.settle()
  return checked
}

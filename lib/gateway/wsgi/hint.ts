import { ApplicationBreach } from '../failure.js'

const RESPONSE_METHOD = /\.(?:end|writeHead|setHeader|removeHeader|send|json|status|write|on|once) is not a function/

export const NODE_HINT =
  "the application looks like a (req, res) handler: start it with --interface node, or wrap it: import { node } from 'unicorn'; export const application = node(handler)"

/** The application returned a `Response`, so it is a handler of the fetch interface. */
export class ResponseReturned extends ApplicationBreach {
  constructor() {
    super(
      "the application returned a Response: start it with --interface fetch, or wrap it: import { fetch } from 'unicorn'; export const application = fetch(handler)",
    )
  }
}

export function isResponse(returned: unknown): boolean {
  return typeof returned === 'object' && returned !== null && 'bodyUsed' in returned && 'headers' in returned
}

/** The application ended without a call of startResponse, and without a body. */
export class NothingAnswered extends ApplicationBreach {
  constructor() {
    super('the application returned undefined and did not call startResponse')
  }
}

/** Whether a function that was taken for a wsgi application failed as a `(req, res)` handler would. */
export function looksLikeNodeHandler(error: unknown, started: boolean): boolean {
  if (started) return false
  return error instanceof NothingAnswered || (error instanceof TypeError && RESPONSE_METHOD.test(error.message))
}

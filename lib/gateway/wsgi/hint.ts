import { ApplicationBreach } from '../failure.js'

const RESPONSE_METHOD = /\.(?:end|writeHead|setHeader|removeHeader|send|json|status|write|on|once) is not a function/

export const NODE_HINT =
  "the application looks like a (req, res) handler: start it with --interface node, or wrap it: import { node } from 'unicorn'; export const application = node(handler)"

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

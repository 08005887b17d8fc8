import { ApplicationBreach } from '../failure.js'

const RESPONSE_METHOD = /\.(?:end|writeHead|setHeader|removeHeader|send|json|status|write|on|once) is not a function/

const NODE_HINT =
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

/** What a function may be if its interface was guessed. */
const GUESS_HINT =
  'it was called as application(environ, startResponse), which is a guess: for (req, res) say --interface node, for (request) --interface fetch, for a Fastify plugin an application that registers it, and for a factory unicorn FILE:EXPORT()'

/**
 * Advice for the failure of a function that was taken for a wsgi application, and has not yet behaved like one.
 * @returns undefined if the failure has nothing to do with how the function was called
 */
export function hintFor(error: Error): string | undefined {
  if (error instanceof ResponseReturned) return undefined
  if (error instanceof NothingAnswered) return NODE_HINT
  if (error instanceof TypeError && RESPONSE_METHOD.test(error.message)) return NODE_HINT
  return error instanceof TypeError || error instanceof ApplicationBreach ? GUESS_HINT : undefined
}

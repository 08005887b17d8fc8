import { ExitCode, UnicornError } from '../../errors.js'

const NAME_IT = 'name the export that it is to serve (unicorn FILE:EXPORT), then the other servers of the application'

/** The log line for a script that listens only after its handler was taken for a wsgi application. */
export const NOT_ADOPTED =
  'A server of the application listens, but what its module exports is served as a wsgi application: where it is a handler (req, res), say so with --interface node'

export function listensTwice(file: string, first: number | string, second: number | string): UnicornError {
  return new UnicornError(
    `${file} listens at ${placeText(first)} and at ${placeText(second)}, and unicorn serves one of them: ${NAME_IT} listen by themselves`,
    { found: [first, second], wanted: 'one port', where: file },
    ExitCode.appLoad,
  )
}

/** @param module  the module of the server's class */
export function notPlainHttp(file: string, module: string): UnicornError {
  return new UnicornError(
    `${file} listens with a server of ${module}: unicorn serves HTTP/1 without TLS, so create it with node:http and end TLS and HTTP/2 in front of unicorn; or ${NAME_IT} listen by themselves`,
    { found: `a server of ${module}`, wanted: 'a server of node:http', where: file },
    ExitCode.appLoad,
  )
}

function placeText(at: number | string): string {
  if (at === 0) return 'any free port'
  return typeof at === 'number' ? `port ${at}` : at
}

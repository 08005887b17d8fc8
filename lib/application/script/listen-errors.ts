import { ExitCode, UnicornError } from '../../errors.js'

const NAME_IT = 'name the export that it is to serve (unicorn FILE:EXPORT), then the other servers of the application'

export function listensTwice(file: string, first: number | string, second: number | string): UnicornError {
  return new UnicornError(
    `${file} listens at ${placeText(first)} and at ${placeText(second)}, and unicorn serves one of them: ${NAME_IT} listen by themselves`,
    { found: [first, second], wanted: 'one port', where: file },
    ExitCode.appLoad,
  )
}

/** @param module  where the server is from */
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

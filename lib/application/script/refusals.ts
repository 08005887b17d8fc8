import { ExitCode, UnicornError } from '../../errors.js'
import { type Place, placeText } from './places.js'

const NAME_IT = 'name the export that it is to serve (unicorn FILE:EXPORT)'
const OTHERS = 'then the other servers of the application listen by themselves'

/** For a script whose addresses leave two servers to serve. @param areBound  whether unicorn binds both */
export function refusalOfBoth(file: string, places: readonly [Place, Place], areBound: boolean): UnicornError {
  const where = places.map(placeText).join(' and at ')
  const address = areBound ? 'bind only that of the application' : 'bind that of the application (--bind, or PORT)'
  const why = `listens at ${where}, and unicorn serves one of them: ${NAME_IT}, or ${address}, ${OTHERS}`
  return refusal(file, why, { found: places, wanted: 'one port' })
}

/** For a script whose server, of another module than node:http, listens where unicorn is to serve it. */
export function refusalOfForeign(file: string, module: string): UnicornError {
  const todo =
    module === 'node:net'
      ? 'unicorn serves servers of node:http'
      : 'unicorn serves HTTP/1 without TLS, so create it with node:http and end TLS and HTTP/2 in front of unicorn'
  const why = `listens with a server of ${module}: ${todo}; or ${NAME_IT}, ${OTHERS}`
  return refusal(file, why, { found: `a server of ${module}`, wanted: 'a server of node:http' })
}

function refusal(file: string, why: string, fault: { found: unknown; wanted: string }): UnicornError {
  return new UnicornError(`${file} ${why}`, { ...fault, where: file }, ExitCode.appLoad)
}

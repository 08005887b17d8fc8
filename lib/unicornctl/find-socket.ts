import { resolve } from 'node:path'
import { toError } from '../errors.js'
import { withoutUnix } from '../listeners/address.js'
import type { Options, Surroundings } from './command.js'
import { CtlExit, Failure } from './failure.js'

const VARIABLE = 'UNICORN_CONTROL_SOCKET'

/**
 * Finds the path of the control socket: by `--socket`, by a config file that is named, by the environment, or by the
 * config file that lies here. Relative paths are from here; those of a config file from the directory that it names.
 * @throws Failure that says how to name one
 */
export async function findSocket(options: Options, { env, cwd }: Surroundings): Promise<string> {
  const given = options.text('socket')
  if (given !== undefined) return pathOf(given, cwd)
  const config = options.text('config')
  const variable = env[VARIABLE]
  if (config === undefined && variable) return pathOf(variable, cwd)
  const address = await configured(config, { env, cwd })
  if (address?.kind === 'unix') return address.path
  const found = config === undefined ? `no config file in ${cwd} has a controlSocket` : `${config} has no controlSocket`
  throw new Failure(`no control socket is known: ${found}; name one by --socket or ${VARIABLE}`, CtlExit.usage)
}

function pathOf(given: string, cwd: string): string {
  const path = withoutUnix(given)
  if (path !== '') return resolve(cwd, path)
  throw new Failure('found no path for the control socket, wanted that of a unix socket', CtlExit.usage)
}

async function configured(file: string | undefined, { env, cwd }: Pick<Surroundings, 'env' | 'cwd'>) {
  // Only now: a config file is most of what there is to load, and seldom needed.
  const { configuredSocket } = await import('../../config/control-socket.js')
  try {
    return await configuredSocket(file, { env, cwd })
  } catch (error) {
    throw new Failure(`${toError(error).message}; --socket names the control socket without it`, CtlExit.usage)
  }
}

import cluster from 'node:cluster'
import { ExitCode, UnicornError } from '../../errors.js'
import { applicationFrames, currentStack } from '../exit/call-site.js'

const SETUP = 'what workers are started with is set by --env and NODE_OPTIONS'

/** What only a primary process may call, and what to do instead. */
const PRIMARY_ONLY: Readonly<Record<string, string>> = {
  fork: 'the number of workers is set by --workers N',
  setupPrimary: SETUP,
  setupMaster: SETUP,
}

/**
 * Defines the functions of `node:cluster` that no worker has, so that they throw an error that helps instead of "is not
 * a function". (A named import of them does not link in any worker of Node's.)
 */
export function refuseClusterCalls(): void {
  for (const [name, instead] of Object.entries(PRIMARY_ONLY)) {
    Object.defineProperty(cluster, name, { value: () => refuse(name, instead), configurable: true, writable: true })
  }
}

function refuse(name: string, instead: string): never {
  const [caller] = applicationFrames(currentStack())
  const found = `the application called cluster.${name}()${caller ? ` at ${caller.place}` : ''}`
  const wanted = `take the call out, or make it only where cluster.isPrimary; ${instead}`
  throw new UnicornError(
    `${found}, but unicorn forks the workers, and this is one of them: ${wanted}`,
    { found, wanted, ...(caller && { where: caller.place }) },
    ExitCode.appLoad,
  )
}

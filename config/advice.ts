import type { Layer } from './settings.js'

/** A port, alone or with a host. */
const PORT = /^(?:[\w.-]*:)?(\d+)$/

/** Finds values that are valid, but most likely not meant. @returns a sentence about each */
export function adviceOn(given: Layer): string[] {
  const pidfile = given.get('pidfile')
  const [address, port] = (typeof pidfile?.value === 'string' && PORT.exec(pidfile.value)) || []
  if (!pidfile || address === undefined) return []
  const bind = `--bind ${address === port ? `:${port}` : address}`
  return [`pidfile: ${address} is the name of a file for the process id (${pidfile.origin}); to listen there: ${bind}`]
}

import { UnicornError } from '../lib/errors.js'
import { bindText } from '../lib/listeners/address.js'
import type { Config } from './settings.js'

/** @throws UnicornError if two settings contradict each other, each of which is valid by itself */
export function checkTogether({ bind, pidfile, errorlog, accesslog }: Config): void {
  // Port 0 may be there twice: that is two sockets on two free ports.
  const addresses = bind.filter(address => address.kind !== 'tcp' || address.port !== 0).map(bindText)
  const found = addresses.find((address, at) => addresses.indexOf(address) < at)
  if (found) throw new UnicornError(`bind: found ${found} twice, wanted each address once`, { found })

  // The pid file would overwrite the log, or replace the socket.
  const sockets = bind.flatMap(address => (address.kind === 'unix' ? [address.path] : []))
  if (pidfile === undefined || ![errorlog, accesslog, ...sockets].includes(pidfile)) return
  const message = `pidfile: found ${pidfile}, which is a log or a socket too, wanted a file of its own`
  throw new UnicornError(message, { found: pidfile, wanted: 'a file of its own' })
}

import { UnicornError } from '../lib/errors.js'
import { type Address, bindText, sameAddress } from '../lib/listeners/address.js'
import type { Config } from './settings.js'

/** @throws UnicornError if two settings contradict each other, each of which is valid by itself */
export function checkTogether(config: Config): void {
  checkDistinct(config.bind)
  checkPidfile(config)
}

function checkDistinct(addresses: readonly Address[]): void {
  const twice = addresses.find((address, at) => !isAnyPort(address) && addresses.slice(0, at).some(equal(address)))
  if (!twice) return
  throw new UnicornError(`bind: found ${bindText(twice)} twice, wanted each address once`, { found: bindText(twice) })
}

function equal(address: Address): (other: Address) => boolean {
  return other => sameAddress(address, other)
}

/** Port 0 may be there twice: that is two sockets on two free ports. */
function isAnyPort(address: Address): boolean {
  return address.kind === 'tcp' && address.port === 0
}

/** The pid file would overwrite the log, or replace the socket. */
function checkPidfile({ pidfile, errorlog, accesslog, bind }: Config): void {
  const sockets = bind.flatMap(address => (address.kind === 'unix' ? [address.path] : []))
  if (pidfile === undefined || ![errorlog, accesslog, ...sockets].includes(pidfile)) return
  throw new UnicornError(`pidfile: found ${pidfile}, which is a log or a socket too, wanted a file of its own`, {
    found: pidfile,
    wanted: 'a file of its own',
  })
}

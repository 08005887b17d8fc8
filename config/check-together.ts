import { isIPv4, isIPv6 } from 'node:net'
import { UnicornError } from '../lib/errors.js'
import { type Address, bindText, placeText, sameAddress } from '../lib/listeners/address.js'
import type { Config } from './settings.js'

/** @throws UnicornError if two settings contradict each other, each of which is valid by itself */
export function checkTogether(config: Config): void {
  const { bind, pidfile, errorlog, accesslog, metricsBind, controlSocket, ipv6Only } = config
  checkTls(config)
  // Port 0 may be there twice: that is two sockets on two free ports.
  const addresses = bind.filter(address => address.kind !== 'tcp' || address.port !== 0).map(placeText)
  const found = addresses.find((address, at) => addresses.indexOf(address) < at)
  if (found) throw new UnicornError(`bind: found ${found} twice, wanted each address once`, { found })

  const places = bind.map(address => ({ name: 'bind', address }))
  for (const [name, address] of Object.entries({ metricsBind, controlSocket })) {
    if (address === undefined) continue
    const other = places.find(each => areInEachOthersWay(each.address, address, ipv6Only))
    if (other) throw takenTwice(name, address, other.name)
    places.push({ name, address })
  }

  // The pid file would overwrite the log, or replace the socket.
  const sockets = places.flatMap(({ address }) => (address.kind === 'unix' ? [address.path] : []))
  if (pidfile === undefined || ![errorlog, accesslog, ...sockets].includes(pidfile)) return
  const message = `pidfile: found ${pidfile}, which is a log or a socket too, wanted a file of its own`
  throw new UnicornError(message, { found: pidfile, wanted: 'a file of its own' })
}

/** The kernel would say of such a one that it is in use, and not by whom: by this server. */
function areInEachOthersWay(one: Address, other: Address, ipv6Only: boolean): boolean {
  if (one.kind !== 'tcp' || other.kind !== 'tcp') return sameAddress(one, other)
  if (one.port === 0 || one.port !== other.port) return false
  const covers = (host: string, another: string): boolean =>
    (host === '0.0.0.0' && !isIPv6(another)) || (host === '::' && !(ipv6Only && isIPv4(another)))
  return one.host === other.host || covers(one.host, other.host) || covers(other.host, one.host)
}

function takenTwice(name: string, address: Address, other: string): UnicornError {
  const found = placeText(address)
  const message = `${name}: found ${found}, which is in the way of ${other}, wanted an address of its own`
  return new UnicornError(message, { found, wanted: 'an address of its own', where: name })
}

function checkTls({
  bind,
  certfile,
  keyfile,
  certificates,
  certReqs,
  caCerts,
  tlsMinVersion,
  tlsMaxVersion,
  http2,
}: Config): void {
  if (http2 && certfile.length + certificates.length === 0) {
    const message = 'http2: found it without TLS, wanted a certificate (--certfile): clients agree on it in a handshake'
    throw new UnicornError(message, { found: 'no TLS', wanted: 'certfile, or certificates', where: 'http2' })
  }
  if (keyfile.length > 0 && keyfile.length !== certfile.length) {
    const found = `${keyfile.length} keys and ${certfile.length} certificates`
    throw new UnicornError(`keyfile: found ${found}, wanted a keyfile for each certfile`, { found, where: 'keyfile' })
  }
  const secure = bind.find(({ tls }) => tls)
  if (secure && certfile.length === 0 && certificates.length === 0) {
    const found = bindText(secure)
    throw new UnicornError(`bind: found ${found}, wanted a certificate for it (--certfile)`, { found, where: 'bind' })
  }
  if (certReqs !== 'none' && caCerts === undefined) {
    const wanted = 'the certificates by which those of clients are checked (--ca-certs)'
    throw new UnicornError(`certReqs: found ${certReqs}, wanted ${wanted} too`, { found: certReqs, wanted })
  }
  if (tlsMaxVersion !== undefined && tlsMinVersion > tlsMaxVersion) {
    const message = `tlsMinVersion: found ${tlsMinVersion}, which is above tlsMaxVersion, ${tlsMaxVersion}`
    throw new UnicornError(message, { found: tlsMinVersion })
  }
}

import type { Resolved } from '../../config/resolve.js'
import { UnicornError } from '../errors.js'
import type { Address } from '../listeners/address.js'
import { formatAddress } from '../listeners/address.js'
import type { Activation } from '../systemd/activation.js'

/**
 * Where to listen: the addresses of the configuration, with systemd's sockets in place of their names. If systemd has
 * passed some and no address is configured, all of them.
 * @throws UnicornError that names an address for which systemd has passed no socket, and those that it has
 */
export function addressesOf({ config, origins }: Resolved, { sockets, note }: Activation): readonly Address[] {
  const activated = sockets.map(({ fd, name }): Address => ({ kind: 'fd', fd, name }))
  if (origins.bind === 'default' && activated.length > 0) return activated
  return config.bind.flatMap(address => {
    const { tls } = address
    if (address.kind !== 'named' && address.kind !== 'fd') return address
    const found = activated
      .filter(
        each => each.kind === 'fd' && (address.kind === 'fd' ? each.fd === address.fd : each.name === address.name),
      )
      .map(each => ({ ...each, ...(tls !== undefined && { tls }) }))
    if (found.length > 0) return found
    if (address.kind === 'fd') return address
    const names = [...new Set(sockets.map(({ name }) => name))]
    const wanted = names.length > 0 ? `one of ${names.join(', ')}` : 'a socket unit that starts this service'
    const why = note === undefined ? '' : `; ${note}`
    const message = `${formatAddress(address)}: systemd has passed no socket of that name, wanted ${wanted}${why}`
    throw new UnicornError(message, { found: address.name, wanted, where: 'bind' })
  })
}

/** What is amiss with systemd's sockets, in sentences for the log. */
export function findingsOn(resolved: Resolved, activation: Activation): string[] {
  const { sockets, note } = activation
  const addresses = addressesOf(resolved, activation)
  const unused = sockets.filter(({ fd }) => !addresses.some(address => address.kind === 'fd' && address.fd === fd))
  const names = unused.map(({ fd, name }) => `${name} (fd://${fd})`).join(', ')
  const { bind } = resolved.origins
  return [
    ...(note === undefined ? [] : [note]),
    ...(names === ''
      ? []
      : [`systemd passes sockets that are not served, as bind does not name them: ${names} (${bind})`]),
  ]
}

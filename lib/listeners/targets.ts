import { isIP, isIPv4 } from 'node:net'
import type { Address } from './address.js'

/** Where a socket is to be bound. A name has a target for each of its addresses. */
export interface Target {
  /** As configured. */
  readonly address: Address
  /** Of a TCP address, in place of the name. */
  readonly ip?: string
  /** 0 is any free one. */
  readonly port?: number | undefined
}

/** @throws the error of the lookup, if the host is a name that is not known */
export async function targetsOf(address: Address): Promise<Target[]> {
  if (address.kind !== 'tcp') return [{ address }]
  const { host, port } = address
  if (isIP(host)) return [{ address, ip: host, port }]
  const { lookup } = await import('node:dns/promises')
  const found = await lookup(host, { all: true })
  const ips = [...new Set(found.map(entry => entry.address))]
  // IPv4 first, which more clients try first.
  return [...ips.filter(isIPv4), ...ips.filter(ip => !isIPv4(ip))].map(ip => ({ address, ip, port }))
}

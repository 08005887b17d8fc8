/**
 * The family of what is known to be an address, or is to be looked at as one.
 * (`isIPv6` of node:net takes 3 ms the first time in a process, for its regular expression.)
 */
export function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

/**
 * Writes an address, or a name, as the host of a URL: one of IPv6 in brackets (RFC 3986, section 3.2.2).
 * SERVER_NAME is written so too (RFC 3875, section 4.1.14).
 */
export function urlHost(host: string): string {
  return familyOf(host) === 'ipv6' ? `[${host}]` : host
}

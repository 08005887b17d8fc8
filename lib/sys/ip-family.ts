/**
 * The family of what is known to be an address, or is to be looked at as one.
 * (`isIPv6` of node:net takes 3 ms the first time in a process, for its regular expression.)
 */
export function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

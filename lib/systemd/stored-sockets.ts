/** A listening socket that systemd keeps for the next start of the service, FileDescriptorStoreMax= of a unit. */
export interface StoredSocket {
  readonly fd: number
  /** FDNAME: no control characters, no colon, at most 255 bytes. */
  readonly name: string
}

const PREFIX = 'unicorn-'
const LONGEST = 255

/** The name under which systemd keeps the socket of an address. Returns undefined if that would be too long. */
export function storedName(address: string): string | undefined {
  const name = PREFIX + address.replace(/[^!-9;-~]|%/g, encodeURIComponent)
  return name.length <= LONGEST ? name : undefined
}

/** The address of a socket that was kept, as configured then. Returns undefined of any other name. */
export function addressOfStored(name: string): string | undefined {
  if (!name.startsWith(PREFIX)) return undefined
  try {
    return decodeURIComponent(name.slice(PREFIX.length))
  } catch {
    return undefined
  }
}

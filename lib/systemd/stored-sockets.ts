/** A listening socket that systemd keeps for the next start of the service, FileDescriptorStoreMax= of a unit. */
export interface StoredSocket {
  readonly fd: number
  /** FDNAME: no control characters, no colon, at most 255 bytes. */
  readonly name: string
}

/** A listener as a worker inherits it. */
export interface ListenerSeat {
  readonly fd: number
  /** Host and port as bound, for the environ; a unix path has neither. */
  readonly host?: string
  readonly port?: number
  readonly path?: string
  /** Its connections are TLS. */
  readonly tls?: boolean
  /** As people write it. */
  readonly name: string
}

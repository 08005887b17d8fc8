/** A certificate, PEM with its chain, and its key: unencrypted PEM, whatever the file has. */
export interface Identity {
  readonly cert: string
  readonly key: string
  /** The host names that it is for, in lower case, perhaps with a `*` as first label. */
  readonly names: readonly string[]
}

/** Whether a client has to show a certificate: never, if it wants to, or always. It is checked whenever it is shown. */
export type CertReqs = 'none' | 'optional' | 'required'

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/**
 * All that a worker needs for TLS. The arbiter has read it, since keys are often readable by root alone, and sends it
 * in the boot message. Plain data.
 */
export interface TlsMaterial {
  /** The first is for clients that name no host, or one of which there is no certificate. */
  readonly identities: readonly [Identity, ...Identity[]]
  /** PEM of those whose certificates of clients count. */
  readonly ca: string | undefined
  readonly certReqs: CertReqs
  /** Undefined for Node's own. */
  readonly ciphers: string | undefined
  readonly minVersion: TlsVersion
  /** The newest if undefined. */
  readonly maxVersion: TlsVersion | undefined
}

/** Bytes of the keys with which tickets of sessions are encrypted: a name, a key for HMAC, and one for AES. */
export const TICKET_KEY_SIZE = 48

/** TLS as a worker gets it, at its boot and whenever some of it is renewed. */
export interface Tls {
  readonly material: TlsMaterial
  /** In base64: all workers have the same, so that each can go on with a session that another has begun. */
  readonly ticketKeys: string
}

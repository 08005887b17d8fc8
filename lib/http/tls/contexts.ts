import { createHash } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { Identity, Tls, TlsMaterial } from '../../tls/material.js'

/** What the user's code makes of the options of a context. Returns `options` without such code. */
export type Customize = (options: SecureContextOptions, identity: Identity) => unknown

/** The contexts of TLS of one reading of the certificates: one for each certificate. */
export class Contexts {
  /** For clients that name no host, or one of which there is no certificate. */
  readonly first: SecureContextOptions
  readonly hasOthers: boolean
  readonly #byName = new Map<string, SecureContext>()

  private constructor(
    all: readonly { options: SecureContextOptions; identity: Identity }[],
    first: SecureContextOptions,
  ) {
    this.first = first
    this.hasOthers = all.length > 1
    if (!this.hasOthers) return
    for (const { options, identity } of all) {
      const context = createSecureContext(options)
      for (const name of identity.names) if (!this.#byName.has(name)) this.#byName.set(name, context)
    }
  }

  /** @throws what `customize` throws, and TypeError if it returns no options */
  static async make({ material, ticketKeys }: Tls, customize: Customize): Promise<Contexts> {
    const all = await Promise.all(
      material.identities.map(async identity => {
        const custom = await customize(optionsOf(material, identity), identity)
        if (!isOptions(custom)) throw new TypeError('sslContext has returned no options of tls.createSecureContext')
        const own = { ticketKeys: Buffer.from(ticketKeys, 'base64'), sessionIdContext: sessionsOf(material) }
        return { identity, options: { ...custom, ...own } }
      }),
    )
    const [first] = all
    return new Contexts(all, first?.options ?? {})
  }

  /** The one for a host name: its own, or that of a `*` in place of its first label (RFC 6125, section 6.4.3). */
  find(name: string): SecureContext | undefined {
    const host = name.toLowerCase()
    return this.#byName.get(host) ?? this.#byName.get(host.replace(/^[^.]+/, '*'))
  }
}

function isOptions(value: unknown): value is SecureContextOptions {
  return typeof value === 'object' && value !== null
}

function optionsOf(
  { ca, ciphers, minVersion, maxVersion }: TlsMaterial,
  { cert, key }: Identity,
): SecureContextOptions {
  return {
    cert,
    key,
    minVersion,
    ...(maxVersion !== undefined && { maxVersion }),
    ...(ca !== undefined && { ca }),
    ...(ciphers !== undefined && { ciphers }),
  }
}

/** A session is resumed only if its client would be asked the same: its certificate is not looked at again. */
function sessionsOf({ ca = '', certReqs }: TlsMaterial): string {
  return createHash('sha256').update(`${certReqs}\n${ca}`).digest('hex').slice(0, 32)
}

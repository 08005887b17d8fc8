import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../../config/hooks.js'
import type { Config } from '../../config/settings.js'
import { toError } from '../errors.js'
import { placesOf } from '../sys/file-places.js'
import { FileWatcher } from '../sys/file-watcher.js'
import { TICKET_KEY_SIZE, type Tls, type TlsMaterial } from '../tls/material.js'
import { type CommandLine, TICKETS } from './handover.js'

/** How long the same keys encrypt tickets of sessions, in milliseconds. A ticket of older ones begins a new session. */
const ROTATION = 12 * 60 * 60 * 1000
/** Certificate and key are seldom replaced at once: how long one may be without the other, in milliseconds. */
const PATIENCE = 2000

const PASSPHRASE = 'UNICORN_TLS_PASSPHRASE'

interface CertificatesParts {
  readonly env: CommandLine['env']
  readonly log: Logger
  /** Certificates or keys of tickets are new: the workers are to have them. */
  readonly onRenewed: () => void
}

type TlsConfig = Pick<Config, (typeof SETTINGS)[number]>

const SETTINGS = [
  'certfile',
  'keyfile',
  'certificates',
  'passphraseFile',
  'caCerts',
  'certReqs',
  'ciphers',
  'tlsMinVersion',
  'tlsMaxVersion',
] as const satisfies readonly (keyof Config)[]

/** Whether there is a certificate, so that listeners may be TLS. */
export function hasCertificates({ certfile, certificates }: TlsConfig): boolean {
  return certfile.length > 0 || certificates.length > 0
}

/** Reads what workers need for TLS, or nothing. @throws UnicornError as `readMaterial` does */
export async function readTls(
  config: Config,
  { env, log }: Pick<CertificatesParts, 'env' | 'log'>,
): Promise<TlsMaterial | undefined> {
  if (!hasCertificates(config)) return undefined
  const { readMaterial } = await import('../tls/read-material.js')
  const { material, advice } = await readMaterial(config, env[PASSPHRASE])
  for (const sentence of advice) log.warn(sentence)
  return material
}

/** (node:crypto takes 1 to 2 ms to load.) */
export async function newTicketKeys(): Promise<string> {
  const { randomBytes } = await import('node:crypto')
  return randomBytes(TICKET_KEY_SIZE).toString('base64')
}

/** The arbiter's certificates: it reads them as what it is, root perhaps, and sends them to the workers. */
export class Certificates {
  readonly #parts: CertificatesParts
  readonly #materials = new WeakMap<Config, TlsMaterial>()
  /** There with the first certificates. */
  #ticketKeys: string | undefined
  #rotation: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #watcher: FileWatcher | undefined
  #config: Config | undefined

  constructor(parts: CertificatesParts) {
    this.#parts = parts
    // From the predecessor: clients need no new sessions because of an upgrade.
    const handed = parts.env[TICKETS]
    this.#ticketKeys = isTicketKeys(handed) ? handed : undefined
  }

  /** For a successor: the keys of tickets; undefined without TLS. */
  get ticketKeys(): string | undefined {
    return this.#config && hasCertificates(this.#config) ? this.#ticketKeys : undefined
  }

  /** What the workers of a configuration are to have; undefined if nothing is TLS. */
  of(config: Config): Tls | undefined {
    const material = this.#materials.get(config)
    const ticketKeys = this.#ticketKeys
    return material && ticketKeys !== undefined ? { material, ticketKeys } : undefined
  }

  /**
   * Reads the certificates of a configuration.
   * @param before  the one that is served: its certificates stay if those in the same files cannot be served any more
   * @throws UnicornError that names the file
   */
  async read(config: Config, before?: Config): Promise<void> {
    try {
      const material = await readTls(config, this.#parts)
      if (!material) return
      this.#ticketKeys ??= await newTicketKeys()
      this.#materials.set(config, material)
    } catch (error) {
      const old = before && this.#materials.get(before)
      if (!old || SETTINGS.some(name => !isDeepStrictEqual(config[name], before[name]))) throw error
      this.#parts.log.error(`The certificates cannot be renewed, the old ones stay: ${toError(error).message}`)
      this.#materials.set(config, old)
    }
  }

  /** Watches the files of this configuration, which is served from now on, and no others. */
  async watch(config: Config): Promise<void> {
    this.#config = config
    clearTimeout(this.#retry)
    if (!hasCertificates(config)) return this.close()
    this.#rotation ??= setInterval(() => void this.#rotate(), ROTATION).unref()
    this.#watcher ??= new FileWatcher({
      patterns: [],
      onChange: () => void this.#renew(true),
      onError: error => this.#parts.log.warn({ err: error }, 'A directory of certificates is not watched for changes'),
    })
    await this.#watchFiles(config)
  }

  /** Where links lead may be another directory each time. */
  async #watchFiles(config: Config): Promise<void> {
    const { filesOf } = await import('../tls/read-material.js')
    this.#watcher?.watch(new Set(filesOf(config).flatMap(placesOf)))
  }

  close(): void {
    clearInterval(this.#rotation)
    clearTimeout(this.#retry)
    this.#watcher?.close()
    this.#rotation = undefined
    this.#watcher = undefined
  }

  async #rotate(): Promise<void> {
    this.#ticketKeys = await newTicketKeys()
    this.#parts.onRenewed()
  }

  async #renew(mayTryAgain: boolean): Promise<void> {
    const config = this.#config
    clearTimeout(this.#retry)
    if (!config) return
    const { log, onRenewed, env } = this.#parts
    await this.#watchFiles(config)
    try {
      const material = await readTls(config, { env, log })
      if (!material || config !== this.#config || isDeepStrictEqual(material, this.#materials.get(config))) return
      this.#materials.set(config, material)
      log.info('The certificates were renewed')
      onRenewed()
    } catch (error) {
      if (config !== this.#config) return
      if (mayTryAgain) this.#retry = setTimeout(() => void this.#renew(false), PATIENCE).unref()
      else log.error(`The certificates cannot be renewed, the old ones stay: ${toError(error).message}`)
    }
  }
}

function isTicketKeys(text: string | undefined): text is string {
  return text !== undefined && Buffer.from(text, 'base64').length === TICKET_KEY_SIZE
}

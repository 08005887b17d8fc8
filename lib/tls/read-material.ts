import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { errorCode, toError, UnicornError } from '../errors.js'
import type { CertReqs, Identity, TlsMaterial, TlsVersion } from './material.js'

/** The files of a certificate. */
export interface CertificateFiles {
  readonly certfile: string
  /** The certificate's own file if absent. */
  readonly keyfile?: string | undefined
  /** Those of the certificate itself if absent. */
  readonly names?: readonly string[] | undefined
  readonly passphraseFile?: string | undefined
}

/** The settings of TLS. */
export interface TlsSettings {
  readonly certfile: readonly string[]
  readonly keyfile: readonly string[]
  readonly certificates: readonly CertificateFiles[]
  readonly passphraseFile?: string | undefined
  readonly caCerts?: string | undefined
  readonly certReqs: CertReqs
  readonly ciphers?: string | undefined
  readonly tlsMinVersion: TlsVersion
  readonly tlsMaxVersion?: TlsVersion | undefined
}

const DAY = 24 * 60 * 60 * 1000
/** Before it expires, a warning tells of it, in days: those who renew do so earlier. */
const SOON = 10

/** All certificates, by their files: pairs of `certfile` and `keyfile`, and `certificates`. */
export function certificatesOf({ certfile, keyfile, certificates }: TlsSettings): readonly CertificateFiles[] {
  return [...certfile.map((file, at) => ({ certfile: file, keyfile: keyfile[at] })), ...certificates]
}

/** All files that `readMaterial` reads. */
export function filesOf(settings: TlsSettings): readonly string[] {
  const { passphraseFile, caCerts } = settings
  const own = certificatesOf(settings).flatMap(each => [each.certfile, each.keyfile, each.passphraseFile])
  return [...new Set([...own, passphraseFile, caCerts].filter(file => file !== undefined))]
}

/**
 * Reads certificates and keys, and checks that they can be served.
 * @param passphrase  of the keys, from the environment: it counts if there is no file for it
 * @returns what workers need; and sentences about what is amiss, but can be served
 * @throws UnicornError that names the file: not readable, no certificate, no key, or one that does not fit
 */
export async function readMaterial(
  settings: TlsSettings,
  passphrase: string | undefined,
): Promise<{ material: TlsMaterial; advice: readonly string[] }> {
  const shared = settings.passphraseFile === undefined ? passphrase : await readPassphrase(settings.passphraseFile)
  const advice: string[] = []
  const identities: Identity[] = []
  for (const files of certificatesOf(settings)) identities.push(await readIdentity(files, shared, advice))
  const [first, ...others] = identities
  if (!first) throw new UnicornError('no certificate is given', { wanted: 'certfile, or certificates' })
  const { caCerts, certReqs, ciphers, tlsMinVersion: minVersion, tlsMaxVersion: maxVersion } = settings
  const ca = caCerts === undefined ? undefined : await readCa(caCerts)
  const material: TlsMaterial = { identities: [first, ...others], ca, certReqs, ciphers, minVersion, maxVersion }
  for (const identity of material.identities) checkContext(material, identity)
  return { material, advice }
}

async function readIdentity(
  { certfile, keyfile = certfile, names, passphraseFile }: CertificateFiles,
  shared: string | undefined,
  advice: string[],
): Promise<Identity> {
  const cert = await readText('certfile', certfile)
  const leaf = parse('certfile', certfile, 'a certificate in PEM', () => new X509Certificate(cert))
  const passphrase = passphraseFile === undefined ? shared : await readPassphrase(passphraseFile)
  const key = readKey(keyfile, await readText('keyfile', keyfile), passphrase)
  if (!leaf.checkPrivateKey(key)) {
    const subject = leaf.subject.replaceAll('\n', ', ')
    const message = `keyfile: ${keyfile} is not the key of the certificate ${certfile} (${subject})`
    throw new UnicornError(message, { found: keyfile, wanted: `the key of ${certfile}` })
  }
  advice.push(...validityOf(leaf, certfile))
  const pem = key.export({ type: 'pkcs8', format: 'pem' })
  return { cert, key: String(pem), names: (names ?? namesOf(leaf)).map(name => name.toLowerCase()) }
}

function readKey(file: string, pem: string, passphrase: string | undefined): KeyObject {
  const isEncrypted = /ENCRYPTED/.test(pem)
  if (isEncrypted && passphrase === undefined) {
    const wanted = 'its passphrase in a file (--key-passphrase-file), or in UNICORN_TLS_PASSPHRASE'
    throw new UnicornError(`keyfile: ${file} is encrypted, wanted ${wanted}`, { found: file, wanted })
  }
  const wanted = isEncrypted ? 'the passphrase that opens it' : 'a private key in PEM'
  return parse('keyfile', file, wanted, () => createPrivateKey({ key: pem, ...(isEncrypted && { passphrase }) }))
}

/** The host names of a certificate (RFC 6125, section 6.4): the alternative names, or the common name without any. */
function namesOf(certificate: X509Certificate): string[] {
  const { subjectAltName, subject } = certificate
  if (subjectAltName === undefined) return /^CN=(.+)$/m.exec(subject)?.slice(1) ?? []
  return [...subjectAltName.matchAll(/(?:^|, )DNS:([^,"]+)/g)].map(([, name = '']) => name)
}

function validityOf({ validFrom, validTo }: X509Certificate, file: string): string[] {
  const left = Date.parse(validTo) - Date.now()
  if (left < 0) return [`The certificate ${file} has expired: it was valid to ${validTo}`]
  if (Date.parse(validFrom) > Date.now()) return [`The certificate ${file} is not valid yet: from ${validFrom} on`]
  return left < SOON * DAY ? [`The certificate ${file} expires soon: it is valid to ${validTo}`] : []
}

async function readCa(file: string): Promise<string> {
  const pem = await readText('caCerts', file)
  parse('caCerts', file, 'certificates in PEM', () => new X509Certificate(pem))
  return pem
}

/** A file made by an editor or `echo` ends with a line feed. */
async function readPassphrase(file: string): Promise<string> {
  return (await readText('passphraseFile', file)).replace(/\r?\n$/, '')
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a directory',
}

async function readText(where: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const found = errorCode(error) ?? String(error)
    const message = `${where}: ${file} ${REASONS[found] ?? 'cannot be read'} (${found})`
    throw new UnicornError(message, { found, wanted: 'a file that can be read', where, error })
  }
}

function parse<T>(where: string, file: string, wanted: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const why = toError(error).message
    throw new UnicornError(`${where}: ${file}: wanted ${wanted} (${why})`, { found: file, wanted, where, error })
  }
}

/** OpenSSL refuses more than is found above: ciphers that there are none of, keys that are too short. */
function checkContext({ ca, ciphers, minVersion, maxVersion }: TlsMaterial, { cert, key }: Identity): void {
  try {
    createSecureContext({ cert, key, ca, ciphers, minVersion, maxVersion })
  } catch (error) {
    const what =
      ciphers === undefined ? 'the certificate cannot be served' : `ciphers: found ${JSON.stringify(ciphers)}`
    throw new UnicornError(`TLS: ${what}: ${toError(error).message}`, {
      found: ciphers,
      where: 'certfile, ciphers',
      error,
    })
  }
}

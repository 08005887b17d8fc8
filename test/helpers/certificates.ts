import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireCommand } from './require-command.js'

/** A certificate and its key, made by openssl(1). */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

interface Wishes {
  /** Of the files `NAME.pem` and `NAME.key`; also the common name and the host name. */
  readonly name: string
  /** In days; negative for one that has expired. */
  readonly days?: number
  /** By whom it is signed; itself if absent. */
  readonly by?: Certificate
  readonly passphrase?: string
}

/** Makes a certificate in a directory. Its names are `name`, and 127.0.0.1. */
export function makeCertificate(directory: string, { name, days = 30, by, passphrase }: Wishes): Certificate {
  requireCommand(['openssl', 'version'])
  const cert = join(directory, `${name.replace('*', 'any')}.pem`)
  const key = join(directory, `${name.replace('*', 'any')}.key`)
  openssl([
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', key, '-out', cert],
    ...['-subj', `/O=Test/CN=${name}`, '-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`],
    ...(days > 0 ? ['-days', String(days)] : ['-days', '1']),
    ...(by ? ['-CA', by.cert, '-CAkey', by.key] : []),
    ...(passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`]),
  ])
  return { cert, key }
}

export function openssl(args: readonly string[], input = ''): string {
  return execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
}

export function contentsOf({ cert, key }: Certificate): { cert: string; key: string } {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}

import { resolve } from 'node:path'
import type { CertReqs } from '../lib/tls/material.js'
import type { CertificateFiles } from '../lib/tls/read-material.js'
import { type Parser, refuse } from './parser.js'

/** By number as Gunicorn and Python have them: `ssl.CERT_NONE`, `CERT_OPTIONAL`, `CERT_REQUIRED`. */
const CERT_REQS: readonly CertReqs[] = ['none', 'optional', 'required']

/** Reads whether clients have to show a certificate. */
export const certReqs: Parser<CertReqs, CertReqs | 0 | 1 | 2 | '0' | '1' | '2'> = {
  wanted: 'none, optional or required (0, 1 or 2)',
  metavar: 'WHETHER',
  choices: CERT_REQS,
  parse: found =>
    CERT_REQS.find((name, at) => found === name || found === at || found === String(at)) ??
    refuse(found, certReqs.wanted),
  print: String,
}

const WANTED = '{ certfile, keyfile, names, passphraseFile }, or CERTFILE,KEYFILE with names behind it'

/** Reads certificates: objects in a config file; on a command line their files, and the names that they are for. */
export const certificates: Parser<readonly CertificateFiles[], string | readonly (string | CertificateFiles)[]> = {
  wanted: `a list of ${WANTED}`,
  metavar: 'CERT,KEY[,NAME...]',
  repeatable: true,
  parse: found => (Array.isArray(found) ? found : [found]).map(certificate),
  print: values =>
    values.map(({ certfile, keyfile = certfile, names = [] }) => [certfile, keyfile, ...names].join(',')).join(' '),
  anchor: (values, base) =>
    values.map(({ names, ...files }) => {
      const paths = Object.entries(files).map(([key, file]) => [key, file && resolve(base, file)])
      return { ...Object.fromEntries(paths), ...(names && { names }) }
    }),
}

const KEYS = ['certfile', 'keyfile', 'passphraseFile']

function certificate(found: unknown): CertificateFiles {
  if (typeof found === 'string') {
    const [certfile = '', keyfile = certfile, ...names] = found.split(',')
    return certificate({ certfile, keyfile, ...(names.length > 0 && { names }) })
  }
  return isCertificate(found) ? found : refuse(found, WANTED)
}

function isCertificate(found: unknown): found is CertificateFiles {
  if (typeof found !== 'object' || found === null || !('certfile' in found)) return false
  return Object.entries(found).every(([key, value]) => {
    if (value === undefined) return key !== 'certfile'
    if (key === 'names') return Array.isArray(value) && value.every(name => typeof name === 'string' && isName(name))
    return KEYS.includes(key) && typeof value === 'string' && value !== '' && !value.includes('\0')
  })
}

function isName(name: string): boolean {
  return /^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(name)
}

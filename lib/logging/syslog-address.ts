import { urlHost } from '../sys/ip-family.js'

/** Where a syslog daemon listens for datagrams. */
export type SyslogAddress =
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export const SYSLOG_FORMS = 'udp://HOST:PORT or unix:PATH, as udp://localhost:514 or unix:/dev/log'

/** Of syslog over UDP (RFC 5426, section 3.3). */
const PORT = 514

/**
 * Reads an address, in Gunicorn's forms too: `unix:///dev/log#dgram`, and a port that may be missing.
 * @returns undefined if it is none, or asks for a stream: a log must not wait for its reader
 */
export function parseSyslogAddress(text: string): SyslogAddress | undefined {
  const path = /^unix:(?:\/\/(?=\/))?([^#\0]+)(?:#dgram)?$/.exec(text)?.[1]
  if (path !== undefined) return { kind: 'unix', path }
  const [, v6, name, digits] = /^udp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const [host, port] = [v6 ?? name, Number(digits ?? PORT)]
  return host !== undefined && port > 0 && port < 65536 ? { kind: 'udp', host, port } : undefined
}

export function syslogAddressText(address: SyslogAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  return `udp://${urlHost(address.host)}:${address.port}`
}

/** RFC 5424, table 1. */
export const FACILITIES = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const
export type Facility = keyof typeof FACILITIES
export const facilityNames = Object.keys(FACILITIES) as Facility[] // exactly these keys: the table is a literal

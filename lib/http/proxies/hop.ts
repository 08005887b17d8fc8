import { isIP } from 'node:net'

/** The sender of a request, as the proxy that got it names it. */
export interface Hop {
  /** Empty if its name hides the address (RFC 7239, section 6.3), or if it is not known. */
  readonly address: string
  readonly port: number | undefined
}

const NOT_KNOWN: Hop = { address: '', port: undefined }

/** A node and perhaps its port: `192.0.2.1:80`, `[2001:db8::1]`, `unknown`, `_name:_port` (RFC 7239, section 6). */
const NODE = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<v4>[0-9.]+)|unknown|_[\w.-]+)(?::(?:(?<port>[0-9]{1,5})|_[\w.-]+))?$/i
const LARGEST_PORT = 65535

/** Reads the name of a node in a Forwarded field. @returns undefined if it is malformed */
export function hopOf(text: string): Hop | undefined {
  const { groups } = NODE.exec(text) ?? {}
  if (!groups) return undefined
  const { v6, v4, port } = groups
  if (port !== undefined && Number(port) > LARGEST_PORT) return undefined
  if (v6 === undefined && v4 === undefined) return NOT_KNOWN
  if (v6 === undefined ? isIP(v4 ?? '') !== 4 : isIP(v6) !== 6) return undefined
  return { address: v6 ?? v4 ?? '', port: port === undefined ? undefined : Number(port) }
}

/** Reads one of a list of X-Forwarded-For, which may also be a bare IPv6 address. */
export function hopOfList(text: string): Hop | undefined {
  return isIP(text) ? { address: text, port: undefined } : hopOf(text)
}

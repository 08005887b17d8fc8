import { isIP } from 'node:net'
import { destinationOf, type Malformed, type ProxyHeader } from './header.js'

export const SIGNATURE1 = Buffer.from('PROXY ')

/** Of the longest header, with its end. */
const LONGEST = 107

const LINE = /^PROXY (?:UNKNOWN(?: [ -~]*)?|TCP([46]) ([0-9a-fA-F:.]+) ([0-9a-fA-F:.]+) ([0-9]{1,5}) ([0-9]{1,5}))$/
const LARGEST_PORT = 65535

/** Reads a header that begins with the signature. @returns undefined if it is not complete */
export function readVersion1(bytes: Buffer): ProxyHeader | Malformed | undefined {
  const end = bytes.subarray(0, LONGEST).indexOf('\r\n')
  if (end < 0) return bytes.length < LONGEST ? undefined : `a line of more than ${LONGEST} bytes`
  const size = end + 2
  const match = LINE.exec(bytes.toString('latin1', 0, end))
  if (!match) return 'an invalid line'
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = match
  // Of one that it does not know, a proxy may tell anything, which counts for nothing (section 2.1).
  if (family === undefined) return { size, variables: { PROXY_PROTOCOL: 'UNKNOWN' } }
  if (![source, destination].every(address => isIP(address) === Number(family))) return 'an invalid address'
  if (![sourcePort, destinationPort].every(isPort)) return 'an invalid port'
  const client = { address: source, port: Number(sourcePort) }
  const server = { address: destination, port: Number(destinationPort) }
  return { size, client, destination: destinationOf({ protocol: `TCP${family}`, source: client, destination: server }) }
}

function isPort(text: string): boolean {
  return Number(text) <= LARGEST_PORT && (text === '0' || !text.startsWith('0'))
}

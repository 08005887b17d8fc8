import { crc32c } from './crc32c.js'
import { destinationOf, type Ends, type Malformed, type ProxyHeader } from './header.js'
import { type Tlv, tlvsIn } from './tlv.js'

export const SIGNATURE2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n')

/** Signature, version and command, family, and length. */
const FIXED = 16
/** The most that is behind these, in bytes: as nginx has it. The longest in use have a certificate's name in them. */
const LONGEST = 4096

const VERSION = 2
const LOCAL = 0
const RELAYED = 1

/** Bytes of both addresses, with ports, by family: UNSPEC, INET, INET6, UNIX. */
const ADDRESSES = [0, 12, 36, 216]
const PROTOCOLS = ['', 'TCP', 'UDP']
const INET = 1
const INET6 = 2

const TYPE = { alpn: 0x01, authority: 0x02, checksum: 0x03, uniqueId: 0x05, tls: 0x20 }
const TLS_TYPE = { version: 0x21, commonName: 0x22, cipher: 0x23 }
/** Flags of the client, and how many bytes stand before the parts of what is told of its TLS. */
const SPEAKS_TLS = 0x01
const HAS_CERTIFICATE = 0x06
const TLS_FIXED = 5
const CHECKSUM_SIZE = 4

/** Reads a header that begins with the signature. @returns undefined if it is not complete */
export function readVersion2(bytes: Buffer): ProxyHeader | Malformed | undefined {
  if (bytes.length < FIXED) return undefined
  const versionAndCommand = bytes.readUInt8(12)
  const command = versionAndCommand & 0xf
  if (versionAndCommand >> 4 !== VERSION) return `version ${versionAndCommand >> 4}`
  if (command !== LOCAL && command !== RELAYED) return `command ${command}`
  const length = bytes.readUInt16BE(14)
  if (length > LONGEST) return `${length} bytes, more than ${LONGEST}`
  const size = FIXED + length
  if (bytes.length < size) return undefined
  return command === LOCAL ? { size, isLocal: true } : readRelayed(bytes.subarray(0, size))
}

function readRelayed(header: Buffer): ProxyHeader | Malformed {
  const familyAndProtocol = header.readUInt8(13)
  const family = familyAndProtocol >> 4
  const protocol = PROTOCOLS[familyAndProtocol & 0xf]
  const addresses = ADDRESSES[family]
  if (addresses === undefined || protocol === undefined) return `address family ${familyAndProtocol}`
  const start = FIXED + addresses
  if (header.length < start) return 'addresses that are too short'
  const tlvs = tlvsIn(header, start, header.length)
  if (tlvs === undefined) return 'TLVs beyond its end'
  if (!tlvs.filter(({ type }) => type === TYPE.checksum).every(tlv => isIntact(header, tlv))) return 'a wrong checksum'
  const ends = protocol === '' ? undefined : endsOf(header, family, protocol)
  return {
    size: header.length,
    ...(ends && { client: ends.source, destination: destinationOf(ends) }),
    isSecure: tlvs.some(({ type, value }) => type === TYPE.tls && ((value[0] ?? 0) & SPEAKS_TLS) !== 0),
    ...(tlvs.length > 0 && { variables: toldBy(tlvs) }),
  }
}

/** The checksum is of the header with zeros in its own place. */
function isIntact(header: Buffer, { start, value }: Tlv): boolean {
  if (value.length !== CHECKSUM_SIZE) return false
  const copy = Buffer.from(header)
  copy.fill(0, start, start + CHECKSUM_SIZE)
  return crc32c(copy) === value.readUInt32BE(0)
}

/** A client on a unix socket has no address. */
function endsOf(header: Buffer, family: number, protocol: string): Ends | undefined {
  if (family !== INET && family !== INET6) return undefined
  const size = family === INET ? 4 : 16
  const address = (at: number): string => (family === INET ? ip4(header, at) : ip6(header, at))
  const ports = FIXED + 2 * size
  return {
    protocol: `${protocol}${family === INET ? 4 : 6}`,
    source: { address: address(FIXED), port: header.readUInt16BE(ports) },
    destination: { address: address(FIXED + size), port: header.readUInt16BE(ports + 2) },
  }
}

function ip4(header: Buffer, at: number): string {
  return header.subarray(at, at + 4).join('.')
}

/** In the form of RFC 5952, with a mapped IPv4 address as the kernel writes it. */
function ip6(header: Buffer, at: number): string {
  const isMapped = header.subarray(at, at + 12).equals(MAPPED)
  if (isMapped) return `::ffff:${ip4(header, at + 12)}`
  const groups = Array.from({ length: 8 }, (_, i) => header.readUInt16BE(at + 2 * i).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

const MAPPED = Buffer.from('00000000000000000000ffff', 'hex')

/** Unknown types are skipped. */
function toldBy(tlvs: readonly Tlv[]): Record<string, string> {
  const told: Record<string, string> = {}
  const tell = (name: string, value: string): void => {
    if (value !== '') told[name] = value
  }
  for (const { type, value } of tlvs) {
    if (type === TYPE.authority) tell('PROXY_AUTHORITY', plain(value))
    else if (type === TYPE.alpn) tell('PROXY_ALPN', plain(value))
    else if (type === TYPE.uniqueId) tell('PROXY_UNIQUE_ID', plain(value) || value.toString('hex'))
    else if (type === TYPE.tls) tellOfTls(value, tell)
  }
  return told
}

function tellOfTls(value: Buffer, tell: (name: string, value: string) => void): void {
  const parts = value.length < TLS_FIXED ? [] : (tlvsIn(value, TLS_FIXED, value.length) ?? [])
  for (const { type, value: text } of parts) {
    if (type === TLS_TYPE.version) tell('PROXY_TLS_VERSION', plain(text))
    else if (type === TLS_TYPE.cipher) tell('PROXY_TLS_CIPHER', plain(text))
    else if (type === TLS_TYPE.commonName) tell('PROXY_TLS_CLIENT_CN', plain(text))
  }
  const hasCertificate = ((value[0] ?? 0) & HAS_CERTIFICATE) !== 0
  if (hasCertificate && value.length >= TLS_FIXED) {
    tell('PROXY_TLS_CLIENT_VERIFY', value.readUInt32BE(1) === 0 ? 'SUCCESS' : 'FAILED')
  }
}

/** Text that an environ may have in it; empty if it is none. */
function plain(value: Buffer): string {
  const text = value.toString('latin1')
  return /^[ -~]*$/.test(text) ? text : ''
}

import { crc32c } from '../../../lib/http/proxy-protocol/crc32c.js'

export const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

export interface Version2 {
  readonly command?: number
  /** Family and protocol. */
  readonly family?: number
  readonly addresses?: Buffer
  readonly tlvs?: readonly Buffer[]
  readonly withChecksum?: boolean
}

/** 192.0.2.1:4711 to 198.51.100.1:443. */
export const INET = Buffer.from('c0000201c63364011267' + '01bb', 'hex')
export const INET6 = Buffer.from(`20010db8${'00'.repeat(11)}01${'00'.repeat(15)}01126701bb`, 'hex')

export function tlv(type: number, value: Buffer | string): Buffer {
  const head = Buffer.alloc(3)
  const bytes = Buffer.from(value)
  head.writeUInt8(type)
  head.writeUInt16BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

/** A header of version 2. */
export function version2({
  command = 0x21,
  family = 0x11,
  addresses = INET,
  tlvs = [],
  withChecksum = false,
}: Version2 = {}): Buffer {
  const parts = withChecksum ? [...tlvs, tlv(3, Buffer.alloc(4))] : tlvs
  const body = Buffer.concat([addresses, ...parts])
  const head = Buffer.from([command, family, body.length >> 8, body.length & 0xff])
  const header = Buffer.concat([SIGNATURE, head, body])
  if (withChecksum) header.writeUInt32BE(crc32c(header), header.length - 4)
  return header
}

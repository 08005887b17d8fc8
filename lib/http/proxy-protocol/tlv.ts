/** A part of a header: its type and its value. */
export interface Tlv {
  readonly type: number
  /** Where the value stands. */
  readonly start: number
  readonly value: Buffer
}

/** Type, and length of the value. */
const FIXED = 3

/** @returns undefined if one is longer than what there is */
export function tlvsIn(bytes: Buffer, from: number, end: number): Tlv[] | undefined {
  const tlvs: Tlv[] = []
  for (let at = from; at < end; ) {
    if (end - at < FIXED) return undefined
    const start = at + FIXED
    const next = start + bytes.readUInt16BE(at + 1)
    if (next > end) return undefined
    tlvs.push({ type: bytes.readUInt8(at), start, value: bytes.subarray(start, next) })
    at = next
  }
  return tlvs
}

/** Bytes of a representation, both ends included. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** Of a request with more of them the field is ignored: no honest client asks so (RFC 9110, section 14.2). */
const MOST_RANGES = 16

/**
 * Reads the field `Range` (RFC 9110, section 14.1.2).
 * @param size  bytes of the representation
 * @returns undefined if the field is to be ignored: it is malformed, of another unit, or asks for more bytes than there
 * are. Empty if none of its ranges can be had
 */
export function parseRanges(field: string, size: number): readonly Range[] | undefined {
  const set = /^bytes=(.*)$/i.exec(field)?.[1]
  if (set === undefined) return undefined
  const items = set.split(',').map(item => item.trim())
  const specs = items.filter(item => item !== '').map(item => /^(\d*)-(\d*)$/.exec(item))
  if (specs.length === 0 || specs.length > MOST_RANGES) return undefined
  const ranges: Range[] = []
  let sum = 0
  for (const spec of specs) {
    const range = spec && rangeOf(spec[1] ?? '', spec[2] ?? '', size)
    if (!range) return undefined
    if (range.first > range.last) continue
    ranges.push(range)
    sum += range.last - range.first + 1
  }
  // Ranges that overlap would let a small request ask for much.
  return sum > size ? undefined : ranges
}

/** @returns undefined if it is malformed; a range whose end is before its beginning if it cannot be had */
function rangeOf(first: string, last: string, size: number): Range | undefined {
  if (first === '') return last === '' ? undefined : { first: Math.max(0, size - Number(last)), last: size - 1 }
  if (last !== '' && Number(first) > Number(last)) return undefined
  return { first: Number(first), last: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/** All that may stand around an element: `trim` would take off U+00A0 too, which is a byte of a value here. */
const AROUND = /^[ \t]+|[ \t]+$/g

/** The elements of a comma-separated value in lower case, empty ones too (RFC 9110, section 5.6.1). */
export function elementsOf(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map(element => element.replace(AROUND, ''))
}

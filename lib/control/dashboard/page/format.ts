const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MEGABYTE = 1024 * 1024
const ABSENT = '–'

export function count(value: number | undefined): string {
  return value === undefined ? ABSENT : value.toLocaleString('en')
}

export function rate(value: number | null | undefined): string {
  if (value === null || value === undefined) return ABSENT
  return value.toLocaleString('en', { maximumSignificantDigits: 3 })
}

/** @param value  in milliseconds */
export function duration(value: number | null | undefined): string {
  if (value === null || value === undefined) return ABSENT
  return value < SECOND ? `${rate(value)} ms` : `${rate(value / SECOND)} s`
}

/** @param value  from 0 to 1 */
export function share(value: number | null | undefined): string {
  return value === null || value === undefined ? ABSENT : `${Math.round(value * 100)} %`
}

export function megabytes(value: number | null | undefined): string {
  return value === null || value === undefined ? ABSENT : `${Math.round(value).toLocaleString('en')} MB`
}

export function bytes(value: number | undefined): string {
  return megabytes(value === undefined ? undefined : value / MEGABYTE)
}

/** @param value  in milliseconds */
export function age(value: number): string {
  const [whole, part, names] =
    value < HOUR ? [MINUTE, SECOND, 'm s'] : value < DAY ? [HOUR, MINUTE, 'h m'] : [DAY, HOUR, 'd h']
  const [large, small] = names.split(' ')
  const left = Math.max(0, value)
  return `${Math.floor(left / whole)} ${large} ${Math.floor((left % whole) / part)} ${small}`
}

/** @param at  in milliseconds since the epoch */
export function time(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB')
}
